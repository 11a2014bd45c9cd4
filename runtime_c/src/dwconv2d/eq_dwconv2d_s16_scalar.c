/* dwconv2d, int16 activations, portable C. The header states the contract. */
#include "eq_conv2d_s16.h"

#include "eq_requant_wide.h"
#include "eq_window.h"

void eq_dwconv2d_s16_scalar(const eq_conv2d_s16_t *p, const int16_t *restrict input, int16_t *restrict output,
                            eq_range_t range) {
  const int32_t channels = p->out_c;
  int16_t *y = output + range.begin * channels;
  for (int32_t pixel = range.begin; pixel < range.end; pixel++) {
    const int32_t iy = pixel / p->out_w * p->stride_h - p->pad_top;
    const int32_t ix = pixel % p->out_w * p->stride_w - p->pad_left;
    const eq_taps_t rows = eq_taps_inside(iy, p->kernel_h, p->dilation_h, p->in_h);
    const eq_taps_t columns = eq_taps_inside(ix, p->kernel_w, p->dilation_w, p->in_w);
    for (int32_t c = 0; c < channels; c++) {
      int64_t acc = p->bias[c];
      for (int32_t ky = rows.begin; ky < rows.end; ky++) {
        for (int32_t kx = columns.begin; kx < columns.end; kx++) {
          const int32_t at = (iy + ky * p->dilation_h) * p->in_w + ix + kx * p->dilation_w;
          acc += input[at * channels + c] * p->weights[(ky * p->kernel_w + kx) * channels + c];
        }
      }
      *y++ = eq_requantize_s16(acc, c, &p->requant, p->twice);
    }
  }
}
