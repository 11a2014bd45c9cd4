/* avg_pool2d, int16 activations, portable C. The header states the contract. */
#include "eq_avg_pool2d_s16.h"

#include "eq_requant.h"

void eq_avg_pool2d_s16_scalar(const eq_avg_pool2d_s16_t *p, const int16_t *restrict input, int16_t *restrict output,
                              eq_range_t range) {
  for (int32_t pixel = range.begin; pixel < range.end; pixel++) {
    const int32_t iy = pixel / p->out_w * p->stride_h - p->pad_top;
    const int32_t ix = pixel % p->out_w * p->stride_w - p->pad_left;
    const int32_t top = eq_clamp(iy, 0, p->in_h), bottom = eq_clamp(iy + p->kernel_h, 0, p->in_h);
    const int32_t left = eq_clamp(ix, 0, p->in_w), right = eq_clamp(ix + p->kernel_w, 0, p->in_w);
    const int32_t count = (bottom - top) * (right - left);
    for (int32_t c = 0; c < p->channels; c++) {
      int32_t acc = 0;
      for (int32_t y = top; y < bottom; y++) {
        for (int32_t x = left; x < right; x++) {
          acc += input[(y * p->in_w + x) * p->channels + c];
        }
      }
      acc = (acc >= 0 ? acc + count / 2 : acc - count / 2) / count;
      output[pixel * p->channels + c] = (int16_t)eq_clamp(acc, p->act_min, p->act_max);
    }
  }
}
