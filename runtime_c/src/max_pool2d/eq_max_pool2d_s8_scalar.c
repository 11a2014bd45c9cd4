/* max_pool2d, int8, portable C. The header states the contract. */
#include "eq_max_pool2d.h"

#include "eq_requant.h"
#include "eq_window.h"

void eq_max_pool2d_s8_scalar(const eq_max_pool2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             eq_range_t range) {
  const int32_t channels = p->channels;
  const int32_t act_min = p->act_min, act_max = p->act_max;
  const int32_t row_step = p->in_w * p->dilation_h * channels;
  const int32_t tap_step = p->dilation_w * channels;
  int8_t *y = output + range.begin * channels;
  for (int32_t pixel = range.begin; pixel < range.end; pixel++) {
    const int32_t iy = pixel / p->out_w * p->stride_h - p->pad_top;
    const int32_t ix = pixel % p->out_w * p->stride_w - p->pad_left;
    const eq_taps_t ky = eq_taps_inside(iy, p->kernel_h, p->dilation_h, p->in_h);
    const eq_taps_t kx = eq_taps_inside(ix, p->kernel_w, p->dilation_w, p->in_w);
    const int8_t *const window =
        input + ((iy + ky.begin * p->dilation_h) * p->in_w + ix + kx.begin * p->dilation_w) * channels;
    for (int32_t c = 0; c < channels; c++) {
      const int8_t *row = window + c;
      int32_t max = -128;
      for (int32_t r = ky.begin; r < ky.end; r++) {
        const int8_t *x = row;
        for (int32_t i = kx.begin; i < kx.end; i++) {
          max = *x > max ? *x : max;
          x += tap_step;
        }
        row += row_step;
      }
      *y++ = (int8_t)eq_clamp(max, act_min, act_max);
    }
  }
}
