/* avg_pool2d, int8, portable C. The header states the contract. */
#include "eq_avg_pool2d.h"

#include "eq_requant.h"

void eq_avg_pool2d_s8_scalar(const eq_avg_pool2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             eq_range_t range) {
  const int32_t channels = p->channels;
  const int32_t act_min = p->act_min, act_max = p->act_max;
  int8_t *y = output + range.begin * channels;
  for (int32_t pixel = range.begin; pixel < range.end; pixel++) {
    const int32_t iy = pixel / p->out_w * p->stride_h - p->pad_top;
    const int32_t ix = pixel % p->out_w * p->stride_w - p->pad_left;
    const int32_t y_begin = eq_clamp(iy, 0, p->in_h), y_end = eq_clamp(iy + p->kernel_h, 0, p->in_h);
    const int32_t x_begin = eq_clamp(ix, 0, p->in_w), x_end = eq_clamp(ix + p->kernel_w, 0, p->in_w);
    const int32_t width = x_end - x_begin;
    const int32_t rows = y_end - y_begin;
    const int32_t count = width * rows;
    const int32_t half = count / 2;
    const int8_t *const window = input + (y_begin * p->in_w + x_begin) * channels;
    const int32_t row_step = (p->in_w - width) * channels;
    for (int32_t c = 0; c < channels; c++) {
      const int8_t *x = window + c;
      int32_t acc = 0;
      for (int32_t r = rows; r > 0; r--) {
        for (int32_t i = width; i > 0; i--) {
          acc += *x;
          x += channels;
        }
        x += row_step;
      }
      acc = (acc >= 0 ? acc + half : acc - half) / count;
      *y++ = (int8_t)eq_clamp(acc, act_min, act_max);
    }
  }
}
