/* The patch under an output pixel of a convolution as float32, for the element that was included before. */
#ifndef EQ_FLOAT_PATCH_H
#define EQ_FLOAT_PATCH_H

#include "eq_conv2d_float.h"
#include "eq_inline.h"
#include "eq_window.h"

/* Every `pixels`th place of x, from the first on; zeros outside the image. Returns the place behind the last. */
static EQ_INLINE float *eq_float_gather(const RECORD(conv2d) *p, const ELEMENT *input, int32_t pixel, float *x,
                                        int32_t pixels) {
  const int32_t ix = pixel % p->out_w * p->stride_w - p->pad_left;
  const eq_taps_t columns = eq_taps_inside(ix, p->kernel_w, p->dilation_w, p->in_w);
  int32_t iy = pixel / p->out_w * p->stride_h - p->pad_top;
  for (int32_t ky = 0; ky < p->kernel_h; ky++, iy += p->dilation_h) {
    const int32_t inside = iy >= 0 && iy < p->in_h;
    for (int32_t kx = 0; kx < p->kernel_w; kx++) {
      float *const end = x + pixels * p->in_c;
      if (inside && kx >= columns.begin && kx < columns.end) {
        const ELEMENT *from = input + (iy * p->in_w + ix + kx * p->dilation_w) * p->in_c;
        for (; x != end; x += pixels) {
          *x = LOAD(from);
          from++;
        }
      } else {
        for (; x != end; x += pixels) {
          *x = 0.0f;
        }
      }
    }
  }
  return x;
}

#endif
