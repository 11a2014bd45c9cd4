/* add, int8: Armv8.1-M MVE, four elements at a time in 32-bit lanes. The header states the contract. */
#include "eq_add.h"
#include "eq_mve.h"

static EQ_INLINE int32x4_t add(const eq_add_s8_t *q, int32x4_t x1, int32x4_t x2) {
  const int32x4_t sum = vmlaq_n_s32(vmlasq_n_s32(x1, vdupq_n_s32(q->a), q->c), x2, q->b);
  const int32x4_t y = vshlq_r_s32(sum, -q->n);
  return vminq_s32(vmaxq_s32(y, vdupq_n_s32(q->act_min)), vdupq_n_s32(q->act_max));
}

void eq_add_s8_mve(const eq_add_s8_t *p, const int8_t *input1, const int8_t *input2, int8_t *output,
                   eq_range_t range) {
  const eq_add_s8_t q = *p;
  int32_t i = range.begin;
  for (; i + 2 * EQ_MVE_LANES <= range.end; i += 2 * EQ_MVE_LANES) {
    const int32x4_t x1 = vldrbq_s32(input1 + i), x2 = vldrbq_s32(input2 + i);
    const int32x4_t z1 = vldrbq_s32(input1 + i + EQ_MVE_LANES), z2 = vldrbq_s32(input2 + i + EQ_MVE_LANES);
    vstrbq_s32(output + i, add(&q, x1, x2));
    vstrbq_s32(output + i + EQ_MVE_LANES, add(&q, z1, z2));
  }
  for (; i < range.end; i += EQ_MVE_LANES) {
    const mve_pred16_t lanes = vctp32q((uint32_t)(range.end - i));
    const int32x4_t x1 = vldrbq_z_s32(input1 + i, lanes), x2 = vldrbq_z_s32(input2 + i, lanes);
    vstrbq_p_s32(output + i, add(&q, x1, x2), lanes);
  }
}
