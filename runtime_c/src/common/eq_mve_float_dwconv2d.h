/* dwconv2d in floating point, MVE, four channels a vector, for the element that was included before. */
#include "eq_dwconv2d_float.h"
#include "eq_mve_float.h"
#include "eq_window.h"

void KERNEL(dwconv2d, mve)(const RECORD(dwconv2d) *p, const ELEMENT *restrict input, ELEMENT *restrict output,
                           void *restrict scratch, eq_range_t range) {
  (void)scratch;
  const int32_t channels = p->out_c, row_step = p->dilation_h * p->in_w * channels, step = p->dilation_w * channels;
  for (int32_t pixel = range.begin; pixel < range.end; pixel++) {
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
    for (int32_t c = 0; c < channels; c += 4) {
      const uint32_t lanes = channels - c < 4 ? (uint32_t)(channels - c) : 4u;
      const ELEMENT *x_row = x + c, *w_row = w + c;
      float32x4_t sum = eq_mve_load_f32(p->bias + c, lanes);
      for (int32_t y = rows; y > 0; y--) {
        const ELEMENT *at = x_row, *weight = w_row;
        for (int32_t i = columns; i > 0; i--) {
          sum = vfmaq_f32(sum, MVE(load)(at, lanes), MVE(load)(weight, lanes));
          at += step;
          weight += channels;
        }
        x_row += row_step;
        w_row += p->kernel_w * channels;
      }
      MVE(store)(output + pixel * channels + c, eq_mve_clamp_float(sum, p->act_min, p->act_max), lanes);
    }
  }
}
