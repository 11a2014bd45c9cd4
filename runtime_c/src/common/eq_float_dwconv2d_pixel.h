/* dwconv2d in floating point, portable C, for the element that was included before: a pixel. Input gradients are
 * made of them as well. */
#ifndef EQ_FLOAT_DWCONV2D_PIXEL_H
#define EQ_FLOAT_DWCONV2D_PIXEL_H

#include "eq_dwconv2d_float.h"
#include "eq_inline.h"
#include "eq_window.h"

/* `lanes` (1 or 4) channels from c on of a pixel whose first tap inside the image is at x and w. */
static EQ_INLINE void channels_of(const RECORD(dwconv2d) *p, const ELEMENT *x, const ELEMENT *w, int32_t rows,
                                  int32_t columns, int32_t c, ELEMENT *y, int32_t lanes) {
  const int32_t row_step = p->dilation_h * p->in_w * p->in_c, step = p->dilation_w * p->in_c;
  eq_float4_t sum = {p->bias[c], 0.0f, 0.0f, 0.0f};
  if (lanes > 1) {
    sum = (eq_float4_t){p->bias[c], p->bias[c + 1], p->bias[c + 2], p->bias[c + 3]};
  }
  for (; rows > 0; rows--) {
    const ELEMENT *at = x + c, *weight = w + c;
    for (int32_t i = columns; i > 0; i--) {
      if (lanes > 1) {
        const eq_float4_t x4 = LOAD4(at), w4 = LOAD4(weight);
        sum.v0 = eq_fma(x4.v0, w4.v0, sum.v0);
        sum.v1 = eq_fma(x4.v1, w4.v1, sum.v1);
        sum.v2 = eq_fma(x4.v2, w4.v2, sum.v2);
        sum.v3 = eq_fma(x4.v3, w4.v3, sum.v3);
      } else {
        sum.v0 = eq_fma(LOAD(at), LOAD(weight), sum.v0);
      }
      at += step;
      weight += p->in_c;
    }
    x += row_step;
    w += p->kernel_w * p->in_c;
  }
  STORE(y, eq_clampf(sum.v0, p->act_min, p->act_max));
  if (lanes > 1) {
    STORE(y + 1, eq_clampf(sum.v1, p->act_min, p->act_max));
    STORE(y + 2, eq_clampf(sum.v2, p->act_min, p->act_max));
    STORE(y + 3, eq_clampf(sum.v3, p->act_min, p->act_max));
  }
}

/* One pixel; `pixels`, `pitch` and `scratch` are those of blocks of convolutions. */
static EQ_INLINE void eq_float_dwconv2d_pixel(const RECORD(dwconv2d) *p, const ELEMENT *input, int32_t pixel,
                                              int32_t pixels, ELEMENT *y, int32_t pitch, void *scratch) {
  (void)pixels;
  (void)pitch;
  (void)scratch;
  const int32_t row = pixel / p->out_w, column = pixel - row * p->out_w;
  const int32_t iy = row * p->stride_h - p->pad_top, ix = column * p->stride_w - p->pad_left;
  const eq_taps_t ky = eq_taps_inside(iy, p->kernel_h, p->dilation_h, p->in_h);
  const eq_taps_t kx = eq_taps_inside(ix, p->kernel_w, p->dilation_w, p->in_w);
  const int32_t rows = kx.end > kx.begin ? ky.end - ky.begin : 0, columns = kx.end - kx.begin;
  const ELEMENT *x = input, *w = p->weights;
  if (rows > 0) {
    x += ((iy + ky.begin * p->dilation_h) * p->in_w + ix + kx.begin * p->dilation_w) * p->in_c;
    w += (ky.begin * p->kernel_w + kx.begin) * p->in_c;
  }
  int32_t c = 0;
  if ((p->out_c & 1) == 0) { /* four neighbours are aligned as LOAD4 wants them */
    for (; c + 4 <= p->out_c; c += 4) {
      channels_of(p, x, w, rows, columns, c, y + c, 4);
    }
  }
  for (; c < p->out_c; c++) {
    channels_of(p, x, w, rows, columns, c, y + c, 1);
  }
}

#endif
