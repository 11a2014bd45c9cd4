/* Gathers the input bytes under one output pixel of a convolution into a contiguous patch [kernel_h][kernel_w][in_c];
 * taps outside the image are filled with the zero point.
 *
 * `copy` and `fill` are the ISA's own functions for short runs; they inline. A run of 0 bytes is possible. */
#ifndef EQ_PATCH_H
#define EQ_PATCH_H

#include "eq_conv2d.h"
#include "eq_inline.h"
#include "eq_window.h"

typedef int8_t *eq_copy_run_t(int8_t *target, const int8_t *source, int32_t bytes); /* both return target + bytes */
typedef int8_t *eq_fill_run_t(int8_t *target, int32_t value, int32_t bytes);

static EQ_INLINE int8_t *eq_gather_patch(const eq_conv2d_s8_t *p, const int8_t *input, int32_t pixel, int8_t *patch,
                                         eq_copy_run_t *copy, eq_fill_run_t *fill) {
  const int32_t in_c = p->in_c;
  const int32_t ix = pixel % p->out_w * p->stride_w - p->pad_left;
  const eq_taps_t kx = eq_taps_inside(ix, p->kernel_w, p->dilation_w, p->in_w);
  const int32_t left = kx.begin * in_c, right = (p->kernel_w - kx.end) * in_c;
  const int32_t inside = (kx.end - kx.begin) * in_c;
  int32_t iy = pixel / p->out_w * p->stride_h - p->pad_top;
  /* Most patches lie wholly inside: a loop without tests. */
  if (inside == p->kernel_w * in_c && p->dilation_w == 1 && iy >= 0 &&
      iy + (p->kernel_h - 1) * p->dilation_h < p->in_h) {
    const int32_t row_step = p->dilation_h * p->in_w * in_c;
    const int8_t *x = input + (iy * p->in_w + ix) * in_c;
    for (int32_t ky = p->kernel_h; ky > 0; ky--) {
      patch = copy(patch, x, inside);
      x += row_step;
    }
    return patch;
  }
  for (int32_t ky = p->kernel_h; ky > 0; ky--, iy += p->dilation_h) {
    if (iy < 0 || iy >= p->in_h) {
      patch = fill(patch, p->input_zero_point, p->kernel_w * in_c);
      continue;
    }
    const int8_t *x = input + (iy * p->in_w + ix + kx.begin * p->dilation_w) * in_c;
    if (left > 0) {
      patch = fill(patch, p->input_zero_point, left);
    }
    for (int32_t i = kx.begin; i < kx.end; i++) {
      patch = copy(patch, x, in_c);
      x += p->dilation_w * in_c;
    }
    if (right > 0) {
      patch = fill(patch, p->input_zero_point, right);
    }
  }
  return patch;
}

#endif
