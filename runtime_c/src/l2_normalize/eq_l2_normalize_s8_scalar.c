/* l2_normalize, int8, portable C. The header states the contract. */
#include "eq_l2_normalize.h"

#include "eq_inverse_sqrt.h"

void eq_l2_normalize_s8_scalar(const eq_l2_normalize_s8_t *p, const int8_t *input, int8_t *output, eq_range_t range) {
  const int32_t depth = p->depth, zero_point = p->input_zero_point;
  for (int32_t row = range.begin; row < range.end; row++) {
    const int8_t *const x = input + row * depth;
    int8_t *const y = output + row * depth;
    int32_t acc = 0, multiplier, exponent;
    for (int32_t i = 0; i < depth; i++) {
      acc += (x[i] - zero_point) * (x[i] - zero_point);
    }
    eq_inverse_sqrt(acc, &multiplier, &exponent);
    for (int32_t i = 0; i < depth; i++) {
      const int32_t scaled = eq_scale_acc(x[i] - zero_point, multiplier, exponent + 7, EQ_REQUANT_TFLITE);
      y[i] = (int8_t)eq_clamp(scaled, -128, 127);
    }
  }
}
