/* Inputs of 16 bits (int16, or the bits of FP16) under an output pixel: of a convolution element by element in the
 * order of K, of a depthwise one as a pointer a tap. EQ_PATCH_RECORD: the record with the layer's sizes. */
#ifndef EQ_PATCH_S16_H
#define EQ_PATCH_S16_H

#include <stddef.h>

#include "eq_conv2d_packed_s16.h"
#include "eq_inline.h"
#include "eq_window.h"

#ifndef EQ_PATCH_RECORD
#define EQ_PATCH_RECORD eq_conv2d_packed_s16_t
#endif

/* Puts elements `at` .. at + count - 1 of a patch, zeros where there is no source; a count of 0 is possible. How a
 * patch lies at x is the instruction set's. */
typedef void eq_put_s16_t(int16_t *x, int32_t at, const int16_t *source, int32_t count);

static EQ_INLINE void eq_gather_s16(const EQ_PATCH_RECORD *p, const int16_t *input, int32_t pixel, int16_t *x,
                                    eq_put_s16_t *put) {
  const int32_t ix = pixel % p->out_w * p->stride_w - p->pad_left;
  const eq_taps_t columns = eq_taps_inside(ix, p->kernel_w, p->dilation_w, p->in_w);
  const int32_t together = p->dilation_w == 1; /* the columns of a row are neighbours */
  int32_t iy = pixel / p->out_w * p->stride_h - p->pad_top, at = 0;
  for (int32_t ky = 0; ky < p->kernel_h; ky++, iy += p->dilation_h) {
    const int32_t inside = iy >= 0 && iy < p->in_h && columns.begin < columns.end;
    const int32_t begin = inside ? columns.begin : p->kernel_w, end = inside ? columns.end : p->kernel_w;
    if (begin > 0) {
      put(x, at, NULL, begin * p->in_c);
    }
    if (inside) {
      const int16_t *source = input + (iy * p->in_w + ix + begin * p->dilation_w) * p->in_c;
      const int32_t step = together ? end - begin : 1;
      for (int32_t kx = begin; kx < end; kx += step) {
        put(x, at + kx * p->in_c, source, step * p->in_c);
        source += p->dilation_w * p->in_c;
      }
    }
    if (end < p->kernel_w) {
      put(x, at + end * p->in_c, NULL, (p->kernel_w - end) * p->in_c);
    }
    at += p->kernel_w * p->in_c;
  }
}

/* Whether a pixel's patch is the pixel. */
static inline int32_t eq_is_pointwise_s16(const EQ_PATCH_RECORD *p) {
  return p->kernel_h * p->kernel_w == 1 && p->stride_h * p->stride_w == 1 && (p->pad_top | p->pad_left) == 0 &&
         p->in_h == p->out_h && p->in_w == p->out_w;
}

/* Fills taps[kernel_h * kernel_w] for one output pixel; those outside the image point to `zeros`. */
static EQ_INLINE void eq_find_taps_s16(const EQ_PATCH_RECORD *p, const int16_t *input, int32_t pixel,
                                       const int16_t *zeros, const int16_t **taps) {
  const int32_t ix = pixel % p->out_w * p->stride_w - p->pad_left;
  const eq_taps_t columns = eq_taps_inside(ix, p->kernel_w, p->dilation_w, p->in_w);
  const int32_t step = p->dilation_w * p->in_c;
  int32_t iy = pixel / p->out_w * p->stride_h - p->pad_top;
  for (int32_t ky = p->kernel_h; ky > 0; ky--, iy += p->dilation_h) {
    const int32_t inside = iy >= 0 && iy < p->in_h && columns.begin < columns.end;
    const int32_t begin = inside ? columns.begin : p->kernel_w, end = inside ? columns.end : p->kernel_w;
    const int16_t *x = inside ? input + (iy * p->in_w + ix + begin * p->dilation_w) * p->in_c : zeros;
    int32_t kx = 0;
    for (; kx < begin; kx++) {
      *taps++ = zeros;
    }
    for (; kx < end; kx++) {
      *taps++ = x;
      x += step;
    }
    for (; kx < p->kernel_w; kx++) {
      *taps++ = zeros;
    }
  }
}

#endif
