/* conv2d, int16 activations, portable C. The header states the contract. */
#include "eq_conv2d_s16.h"

#include "eq_requant_wide.h"
#include "eq_window.h"

static int64_t window_sum(const eq_conv2d_s16_t *p, const int16_t *input, const int8_t *weights, int32_t iy, int32_t ix,
                          eq_taps_t rows, eq_taps_t columns) {
  int64_t acc = 0;
  for (int32_t ky = rows.begin; ky < rows.end; ky++) {
    for (int32_t kx = columns.begin; kx < columns.end; kx++) {
      const int32_t pixel = (iy + ky * p->dilation_h) * p->in_w + ix + kx * p->dilation_w;
      const int16_t *const x = input + pixel * p->in_c;
      const int8_t *const w = weights + (ky * p->kernel_w + kx) * p->in_c;
      for (int32_t i = 0; i < p->in_c; i++) {
        acc += x[i] * w[i];
      }
    }
  }
  return acc;
}

void eq_conv2d_s16_scalar(const eq_conv2d_s16_t *p, const int16_t *restrict input, int16_t *restrict output,
                          eq_range_t range) {
  const int32_t filter = p->kernel_h * p->kernel_w * p->in_c;
  int16_t *y = output + range.begin * p->out_c;
  for (int32_t pixel = range.begin; pixel < range.end; pixel++) {
    const int32_t iy = pixel / p->out_w * p->stride_h - p->pad_top;
    const int32_t ix = pixel % p->out_w * p->stride_w - p->pad_left;
    const eq_taps_t rows = eq_taps_inside(iy, p->kernel_h, p->dilation_h, p->in_h);
    const eq_taps_t columns = eq_taps_inside(ix, p->kernel_w, p->dilation_w, p->in_w);
    for (int32_t o = 0; o < p->out_c; o++) {
      const int64_t acc = p->bias[o] + window_sum(p, input, p->weights + o * filter, iy, ix, rows, columns);
      *y++ = eq_requantize_s16(acc, o, &p->requant, p->twice);
    }
  }
}
