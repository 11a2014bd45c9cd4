/* add, int16 activations, portable C. The header states the contract. */
#include "eq_add_s16.h"

#include "eq_requant.h"

void eq_add_s16_scalar(const eq_add_s16_t *p, const int16_t *input1, const int16_t *input2, int16_t *output,
                       eq_range_t range) {
  const eq_add_s16_t q = *p;
  for (int32_t i = range.begin; i < range.end; i++) {
    const int32_t a = eq_scale_acc(input1[i] * (1 << q.left), q.m1, q.s1, EQ_REQUANT_TFLITE);
    const int32_t b = eq_scale_acc(input2[i] * (1 << q.left), q.m2, q.s2, EQ_REQUANT_TFLITE);
    const int32_t y = eq_scale_acc(a + b, q.sum_m, q.sum_s, EQ_REQUANT_TFLITE);
    output[i] = (int16_t)eq_clamp(y, q.act_min, q.act_max);
  }
}
