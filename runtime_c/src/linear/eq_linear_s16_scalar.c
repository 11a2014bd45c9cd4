/* linear, int16 activations, portable C. The header states the contract. */
#include "eq_linear_s16.h"

#include "eq_requant_wide.h"

void eq_linear_s16_scalar(const eq_linear_s16_t *p, const int16_t *restrict input, int16_t *restrict output,
                          eq_range_t range) {
  for (int32_t row = 0; row < p->rows; row++) {
    const int16_t *const x = input + row * p->in_features;
    int16_t *const y = output + row * p->out_features;
    for (int32_t o = range.begin; o < range.end; o++) {
      const int8_t *const w = p->weights + o * p->in_features;
      int64_t acc = p->bias[o];
      for (int32_t i = 0; i < p->in_features; i++) {
        acc += x[i] * w[i];
      }
      y[o] = eq_requantize_s16(acc, o, &p->requant, p->twice);
    }
  }
}
