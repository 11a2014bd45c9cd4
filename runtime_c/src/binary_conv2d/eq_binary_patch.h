/* The words of signs under an output pixel of a binary_conv2d. */
#ifndef EQ_BINARY_PATCH_H
#define EQ_BINARY_PATCH_H

#include "eq_binary_conv2d.h"
#include "eq_inline.h"

static EQ_INLINE int32_t eq_binary_words(const eq_binary_conv2d_t *p) {
  return p->kernel_h * p->kernel_w * ((p->in_c + 31) / 32);
}

/* Few words, for which a call of memcpy, that GCC makes of such loops, takes longer. */
static EQ_INLINE uint32_t *eq_binary_copy(uint32_t *patch, const uint32_t *x, int32_t words) {
  for (; words > 0; words--) {
    *patch++ = *x++;
    __asm__("" : "+r"(x));
  }
  return patch;
}

/* A patch with taps outside: words of 0 there. */
__attribute__((noinline)) static void eq_binary_patch_anywhere(const eq_binary_conv2d_t *p, const uint32_t *input,
                                                               int32_t iy, int32_t ix, uint32_t *patch) {
  const int32_t words = (p->in_c + 31) / 32;
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
      }
    }
  }
}

/* The words under output pixel (oy, ox): gathered in `patch`, or where they are if they lie one after another. */
static EQ_INLINE const uint32_t *eq_binary_patch(const eq_binary_conv2d_t *p, const uint32_t *input, int32_t oy,
                                                 int32_t ox, uint32_t *patch) {
  const int32_t words = (p->in_c + 31) / 32;
  const int32_t iy = oy * p->stride_h - p->pad_top, ix = ox * p->stride_w - p->pad_left;
  const int32_t bottom = iy + (p->kernel_h - 1) * p->dilation_h, right = ix + (p->kernel_w - 1) * p->dilation_w;
  if (iy < 0 || ix < 0 || bottom >= p->in_h || right >= p->in_w || (p->dilation_w != 1 && p->kernel_w != 1)) {
    eq_binary_patch_anywhere(p, input, iy, ix, patch);
    return patch;
  }
  const uint32_t *x = input + (iy * p->in_w + ix) * words;
  if (p->kernel_h == 1) {
    return x;
  }
  uint32_t *to = patch;
  for (int32_t ky = p->kernel_h; ky > 0; ky--) {
    to = eq_binary_copy(to, x, p->kernel_w * words);
    x += p->dilation_h * p->in_w * words;
  }
  return patch;
}

/* The base of the class of output pixel (oy, ox), of `channels` a class. */
static EQ_INLINE const int32_t *eq_binary_base(const eq_binary_conv2d_t *p, int32_t channels, int32_t oy, int32_t ox) {
  return p->base + (p->row_class[oy] * p->column_classes + p->column_class[ox]) * channels;
}

#endif
