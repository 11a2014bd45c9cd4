/* linear, int8 inputs and int16 outputs, portable C. The header states the contract. */
#include "eq_linear_s8_s16.h"

void eq_linear_s8_s16_tflite_scalar(const eq_linear_s8_s16_t *p, const int8_t *restrict input,
                                    int16_t *restrict output, eq_range_t range) {
  const eq_requant_t *const q = &p->requant;
  for (int32_t row = 0; row < p->rows; row++) {
    const int8_t *const x = input + row * p->in_features;
    int16_t *const y = output + row * p->out_features;
    for (int32_t o = range.begin; o < range.end; o++) {
      const int8_t *const w = p->weights + o * p->in_features;
      int32_t acc = p->bias[o];
      for (int32_t i = 0; i < p->in_features; i++) {
        acc += x[i] * w[i];
      }
      const int32_t scaled = eq_scale_acc(acc, q->multiplier[o], q->shift[o], EQ_REQUANT_TFLITE);
      y[o] = (int16_t)eq_clamp(scaled + q->output_zero_point, q->act_min, q->act_max);
    }
  }
}
