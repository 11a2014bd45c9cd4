/* One row of eq_softmax_s8, Armv8.1-M MVE: the greatest of 16 values at a time, four exponentials gathered at a time.
 * eq_softmax_row.h says how it divides; output may be the input. */
#ifndef EQ_SOFTMAX_ROW_H
#define EQ_SOFTMAX_ROW_H

#include "eq_mve.h"

static EQ_INLINE uint32x4_t eq_softmax_exponentials(const uint32_t *exp_table, int32x4_t max, const int8_t *x,
                                                    mve_pred16_t lanes) {
  const int32x4_t below = vsubq_s32(max, vldrbq_z_s32(x, lanes));
  return vldrwq_gather_shifted_offset_z_u32(exp_table, (uint32x4_t)below, lanes);
}

static inline void eq_softmax_row(const uint32_t *exp_table, int32_t depth, const int8_t *x, int8_t *y) {
  int8_t greatest = -128;
  for (int32_t i = 0; i < depth; i += EQ_MVE_BLOCK) {
    const mve_pred16_t lanes = vctp8q((uint32_t)(depth - i));
    greatest = vmaxvq_p_s8(greatest, vldrbq_z_s8(x + i, lanes), lanes);
  }
  const int32x4_t max = vdupq_n_s32(greatest);
  uint32_t sum = 0;
  for (int32_t i = 0; i < depth; i += EQ_MVE_LANES) {
    sum = vaddvaq_u32(sum, eq_softmax_exponentials(exp_table, max, x + i, vctp32q((uint32_t)(depth - i))));
  }
  /* cppcheck-suppress zerodiv ; a row has elements, and the greatest adds exp(0) */
  const uint32x4_t half = vdupq_n_u32(sum / 2u), r = vdupq_n_u32(UINT32_MAX / sum), sums = vdupq_n_u32(sum);
  const uint32x4_t most = vdupq_n_u32(255);
  for (int32_t i = 0; i < depth; i += EQ_MVE_LANES) {
    const mve_pred16_t lanes = vctp32q((uint32_t)(depth - i));
    const uint32x4_t e = eq_softmax_exponentials(exp_table, max, x + i, lanes);
    const uint32x4_t n = vaddq_u32(vshlq_n_u32(e, 8), half);
    uint32x4_t q = vmulhq_u32(n, r);
    q = vaddq_m_n_u32(q, q, 1, vcmpcsq_u32(vsubq_u32(n, vmulq_u32(q, sums)), sums));
    vstrbq_p_s32(y + i, vsubq_n_s32((int32x4_t)vminq_u32(q, most), 128), lanes);
  }
}

#endif
