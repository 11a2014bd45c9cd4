/* max_pool2d in floating point, portable C, for the element that was included before. */
#include "eq_max_pool2d_float.h"
#include "eq_window.h"

void KERNEL(max_pool2d, scalar)(const RECORD(max_pool2d) *p, const ELEMENT *restrict input, ELEMENT *restrict output,
                               eq_range_t range) {
  for (int32_t pixel = range.begin; pixel < range.end; pixel++) {
    const int32_t iy = pixel / p->out_w * p->stride_h - p->pad_top;
    const int32_t ix = pixel % p->out_w * p->stride_w - p->pad_left;
    const eq_taps_t rows = eq_taps_inside(iy, p->kernel_h, p->dilation_h, p->in_h);
    const eq_taps_t columns = eq_taps_inside(ix, p->kernel_w, p->dilation_w, p->in_w);
    for (int32_t c = 0; c < p->channels; c++) {
      float y = -EQ_FLOAT_INFINITY;
      for (int32_t ky = rows.begin; ky < rows.end; ky++) {
        for (int32_t kx = columns.begin; kx < columns.end; kx++) {
          const int32_t at = (iy + ky * p->dilation_h) * p->in_w + ix + kx * p->dilation_w;
          const float x = LOAD(input + at * p->channels + c);
          y = x > y ? x : y;
        }
      }
      STORE(output + pixel * p->channels + c, eq_clampf(y, p->act_min, p->act_max));
    }
  }
}
