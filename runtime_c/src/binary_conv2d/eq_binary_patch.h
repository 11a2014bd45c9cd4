/* The words of signs under an output pixel of a binary_conv2d. */
#ifndef EQ_BINARY_PATCH_H
#define EQ_BINARY_PATCH_H

#include "eq_binary_conv2d.h"
#include "eq_inline.h"
#include "eq_window.h"

static EQ_INLINE int32_t eq_binary_words(const eq_binary_conv2d_t *p) {
  return p->kernel_h * p->kernel_w * ((p->in_c + 31) / 32);
}

static EQ_INLINE uint32_t *eq_binary_copy(uint32_t *patch, const uint32_t *x, int32_t words) {
  for (; words > 0; words--) {
    *patch++ = *x++;
  }
  return patch;
}

/* A patch with taps outside: words of 0 there, and the sums of their weights to `outside` [out_c], which is 0 before. */
__attribute__((noinline)) static void eq_binary_patch_anywhere(const eq_binary_conv2d_t *p, const uint32_t *input,
                                                               int32_t iy, int32_t ix, uint32_t *patch,
                                                               int32_t *outside) {
  const int32_t words = (p->in_c + 31) / 32;
  const int16_t *sums = p->tap_sums;
  for (int32_t ky = 0; ky < p->kernel_h; ky++) {
    const int32_t y = iy + ky * p->dilation_h;
    for (int32_t kx = 0; kx < p->kernel_w; kx++) {
      const int32_t x = ix + kx * p->dilation_w;
      if (y >= 0 && y < p->in_h && x >= 0 && x < p->in_w) {
        patch = eq_binary_copy(patch, input + (y * p->in_w + x) * words, words);
      } else {
        for (int32_t i = 0; i < words; i++) {
          *patch++ = 0;
        }
        for (int32_t o = 0; o < p->out_c; o++) {
          outside[o] += sums[o];
        }
      }
      sums += p->out_c;
    }
  }
}

/* Gathers the patch of output pixel `pixel`; returns whether taps lie outside the image, and what they give back then. */
static EQ_INLINE int32_t eq_binary_patch(const eq_binary_conv2d_t *p, const uint32_t *input, int32_t pixel,
                                         uint32_t *patch, int32_t *outside) {
  const int32_t words = (p->in_c + 31) / 32;
  const int32_t iy = pixel / p->out_w * p->stride_h - p->pad_top, ix = pixel % p->out_w * p->stride_w - p->pad_left;
  const int32_t bottom = iy + (p->kernel_h - 1) * p->dilation_h, right = ix + (p->kernel_w - 1) * p->dilation_w;
  if (iy < 0 || ix < 0 || bottom >= p->in_h || right >= p->in_w) {
    for (int32_t o = 0; o < ((p->out_c + 3) & ~3); o++) {
      outside[o] = 0;
    }
    eq_binary_patch_anywhere(p, input, iy, ix, patch, outside);
    return 1;
  }
  const uint32_t *x = input + (iy * p->in_w + ix) * words;
  for (int32_t ky = p->kernel_h; ky > 0; ky--) {
    if (p->dilation_w == 1) {
      patch = eq_binary_copy(patch, x, p->kernel_w * words);
    } else {
      for (int32_t kx = 0; kx < p->kernel_w; kx++) {
        patch = eq_binary_copy(patch, x + kx * p->dilation_w * words, words);
      }
    }
    x += p->dilation_h * p->in_w * words;
  }
  return 0;
}

#endif
