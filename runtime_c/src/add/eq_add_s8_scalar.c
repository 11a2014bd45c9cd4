/* add, int8, portable C. The header states the contract. */
#include "eq_add.h"

#include "eq_requant.h"

void eq_add_s8_scalar(const eq_add_s8_t *p, const int8_t *input1, const int8_t *input2, int8_t *output,
                      eq_range_t range) {
  /* Copies, because a store to the int8 output might otherwise change *p in the compiler's eyes. */
  const eq_add_s8_t q = *p;
  for (int32_t i = range.begin; i < range.end; i++) {
    const int32_t y = (q.a * input1[i] + q.b * input2[i] + q.c) >> q.n;
    output[i] = (int8_t)eq_clamp(y, q.act_min, q.act_max);
  }
}
