/* add, int8, TensorFlow Lite's three roundings, portable C. The header states the contract. */
#include "eq_add.h"

#include "eq_requant.h"

void eq_add_s8_tables_scalar(const eq_add_tables_s8_t *p, const int8_t *input1, const int8_t *input2, int8_t *output,
                             eq_range_t range) {
  const eq_add_tables_s8_t q = *p;
  for (int32_t i = range.begin; i < range.end; i++) {
    const int32_t sum = q.table1[input1[i] + 128] + q.table2[input2[i] + 128];
    const int32_t y = eq_scale_acc(sum, q.sum_multiplier, q.sum_shift, EQ_REQUANT_TFLITE) + q.zero_point;
    output[i] = (int8_t)eq_clamp(y, q.act_min, q.act_max);
  }
}
