/* rescale, portable C. The header states the contract. */
#include "eq_rescale.h"

#include "eq_inline.h"
#include "eq_requant.h"

static EQ_INLINE int32_t rescaled(const eq_rescale_t *q, int32_t x) {
  const int32_t centred = x - q->input_zero_point;
  const int32_t c = q->fold && centred < 0 ? -centred : centred;
  const int32_t m = c < 0 ? q->negative_multiplier : q->positive_multiplier;
  const int32_t s = c < 0 ? q->negative_shift : q->positive_shift;
  return eq_clamp(eq_scale_acc(c, m, s, EQ_REQUANT_TFLITE) + q->output_zero_point, q->act_min, q->act_max);
}

void eq_rescale_s16_to_s16_scalar(const eq_rescale_t *p, const int16_t *input, int16_t *output, eq_range_t range) {
  const eq_rescale_t q = *p;
  for (int32_t i = range.begin; i < range.end; i++) {
    output[i] = (int16_t)rescaled(&q, input[i]);
  }
}

void eq_rescale_s16_to_s8_scalar(const eq_rescale_t *p, const int16_t *input, int8_t *output, eq_range_t range) {
  const eq_rescale_t q = *p;
  for (int32_t i = range.begin; i < range.end; i++) {
    output[i] = (int8_t)rescaled(&q, input[i]);
  }
}

void eq_rescale_s8_to_s16_scalar(const eq_rescale_t *p, const int8_t *input, int16_t *output, eq_range_t range) {
  const eq_rescale_t q = *p;
  for (int32_t i = range.begin; i < range.end; i++) {
    output[i] = (int16_t)rescaled(&q, input[i]);
  }
}
