/* linear, int8 inputs and int16 outputs, portable C. The header states the contract. Four channels share loads. */
#include "eq_linear_s8_s16.h"
#include "eq_scalar_block.h"

static EQ_INLINE void store(const eq_requant_t *q, int32_t acc, int32_t o, eq_range_t range, int16_t *y) {
  if (o < range.end) {
    const int32_t scaled = eq_scale_acc(acc, q->multiplier[o], q->shift[o], EQ_REQUANT_TFLITE);
    y[o] = (int16_t)eq_clamp(scaled + q->output_zero_point, q->act_min, q->act_max);
  }
}

void eq_linear_s8_s16_tflite_scalar(const eq_linear_s8_s16_t *p, const int8_t *restrict input,
                                    int16_t *restrict output, eq_range_t range) {
  const int32_t k = p->in_features;
  for (int32_t o = range.begin; o < range.end; o += 4) {
    const eq_weights_t w = eq_weights_of(p->weights, o, p->out_features, k);
    const eq_sums_t bias = eq_bias_of(p->bias, o, p->out_features);
    for (int32_t row = 0; row < p->rows; row++) {
      int16_t *const y = output + row * p->out_features;
      eq_sums_t s = bias;
      eq_run1(&s, input + row * k, w, k);
      store(&p->requant, s.c0, o, range, y);
      store(&p->requant, s.c1, o + 1, range, y);
      store(&p->requant, s.c2, o + 2, range, y);
      store(&p->requant, s.c3, o + 3, range, y);
    }
  }
}
