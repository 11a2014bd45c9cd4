/* max_pool2d, int16 activations, portable C. The header states the contract. */
#include "eq_max_pool2d_s16.h"

#include "eq_window.h"
#include "eq_requant.h"

void eq_max_pool2d_s16_scalar(const eq_max_pool2d_s16_t *p, const int16_t *restrict input, int16_t *restrict output,
                              eq_range_t range) {
  for (int32_t pixel = range.begin; pixel < range.end; pixel++) {
    const int32_t iy = pixel / p->out_w * p->stride_h - p->pad_top;
    const int32_t ix = pixel % p->out_w * p->stride_w - p->pad_left;
    const eq_taps_t rows = eq_taps_inside(iy, p->kernel_h, p->dilation_h, p->in_h);
    const eq_taps_t columns = eq_taps_inside(ix, p->kernel_w, p->dilation_w, p->in_w);
    for (int32_t c = 0; c < p->channels; c++) {
      int32_t best = INT16_MIN;
      for (int32_t ky = rows.begin; ky < rows.end; ky++) {
        for (int32_t kx = columns.begin; kx < columns.end; kx++) {
          const int32_t at = (iy + ky * p->dilation_h) * p->in_w + ix + kx * p->dilation_w;
          const int32_t value = input[at * p->channels + c];
          best = value > best ? value : best;
        }
      }
      output[pixel * p->channels + c] = (int16_t)eq_clamp(best, p->act_min, p->act_max);
    }
  }
}
