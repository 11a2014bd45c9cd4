/* dwconv2d in floating point, MVE, eight channels at a time, for the element that was included before: a pixel. Input
 * gradients are made of them as well. */
#ifndef EQ_MVE_FLOAT_DWCONV2D_PIXEL_H
#define EQ_MVE_FLOAT_DWCONV2D_PIXEL_H

#include "eq_dwconv2d_float.h"
#include "eq_mve_float.h"
#include "eq_window.h"

/* The `channels` (up to 8) channels of a pixel whose first tap inside the image is at x and w. */
static EQ_INLINE void channels_of(const RECORD(dwconv2d) *p, const ELEMENT *x, const ELEMENT *w, const float *bias,
                                  int32_t rows, int32_t columns, ELEMENT *y, int32_t channels) {
  const int32_t row_step = p->dilation_h * p->in_w * p->in_c, step = p->dilation_w * p->in_c;
  eq_mve_float8_t sum = MVE(bias)(bias);
  for (; rows > 0; rows--) {
    const ELEMENT *at = x, *weight = w;
    for (int32_t i = columns; i > 0; i--) {
      const eq_mve_float8_t x8 = MVE(load)(at, channels), w8 = MVE(load_other)(weight, channels);
      sum = (eq_mve_float8_t){vfmaq_f32(sum.a, x8.a, w8.a), vfmaq_f32(sum.b, x8.b, w8.b)};
      at += step;
      weight += p->in_c;
    }
    x += row_step;
    w += p->kernel_w * p->in_c;
  }
  MVE(store)(y, eq_mve_clamp_float(sum, p->act_min, p->act_max), channels);
}

/* One pixel; `pixels`, `pitch` and `scratch` are those of blocks of convolutions. */
static EQ_INLINE void eq_mve_dwconv2d_pixel(const RECORD(dwconv2d) *p, const ELEMENT *input, int32_t pixel, int32_t pixels,
                                            ELEMENT *y, int32_t pitch, void *scratch) {
  (void)pixels;
  (void)pitch;
  (void)scratch;
  const int32_t channels = p->out_c;
  const int32_t iy = pixel / p->out_w * p->stride_h - p->pad_top;
  const int32_t ix = pixel % p->out_w * p->stride_w - p->pad_left;
  const eq_taps_t ky = eq_taps_inside(iy, p->kernel_h, p->dilation_h, p->in_h);
  const eq_taps_t kx = eq_taps_inside(ix, p->kernel_w, p->dilation_w, p->in_w);
  const int32_t columns = kx.end - kx.begin, rows = columns > 0 ? ky.end - ky.begin : 0;
  const ELEMENT *x = input, *w = p->weights;
  if (rows > 0) {
    x += ((iy + ky.begin * p->dilation_h) * p->in_w + ix + kx.begin * p->dilation_w) * channels;
    w += (ky.begin * p->kernel_w + kx.begin) * channels;
  }
  int32_t c = 0;
  for (; c + EQ_MVE_FLOAT_LANES <= channels; c += EQ_MVE_FLOAT_LANES) {
    channels_of(p, x + c, w + c, p->bias + c, rows, columns, y + c, EQ_MVE_FLOAT_LANES);
  }
  if (c < channels) {
    channels_of(p, x + c, w + c, p->bias + c, rows, columns, y + c, channels - c);
  }
}

#endif
