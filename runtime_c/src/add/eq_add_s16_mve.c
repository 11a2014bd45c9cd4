/* add, int16 activations: Armv8.1-M MVE, four elements at a time in 32-bit lanes. The header states the contract. */
#include "eq_add_s16.h"
#include "eq_mve.h"

void eq_add_s16_mve(const eq_add_s16_t *p, const int16_t *input1, const int16_t *input2, int16_t *output,
                    eq_range_t range) {
  const eq_add_s16_t q = *p;
  const int32x4_t zero = vdupq_n_s32(0); /* no form has an offset here */
  const eq_mve_scale_t k1 = {vdupq_n_s32(q.m1), vdupq_n_s32(q.s1), zero};
  const eq_mve_scale_t k2 = {vdupq_n_s32(q.m2), vdupq_n_s32(q.s2), zero};
  const eq_mve_scale_t k = {vdupq_n_s32(q.sum_m), vdupq_n_s32(q.sum_s), zero};
  for (int32_t i = range.begin; i < range.end; i += EQ_MVE_LANES) {
    const mve_pred16_t lanes = vctp32q((uint32_t)(range.end - i));
    const int32x4_t x1 = vshlq_r_s32(vldrhq_z_s32(input1 + i, lanes), q.left);
    const int32x4_t x2 = vshlq_r_s32(vldrhq_z_s32(input2 + i, lanes), q.left);
    const int32x4_t a = eq_mve_scale(x1, k1, EQ_REQUANT_TFLITE), b = eq_mve_scale(x2, k2, EQ_REQUANT_TFLITE);
    const int32x4_t y = eq_mve_scale(vaddq_s32(a, b), k, EQ_REQUANT_TFLITE);
    vstrhq_p_s32(output + i, vminq_s32(vmaxq_s32(y, vdupq_n_s32(q.act_min)), vdupq_n_s32(q.act_max)), lanes);
  }
}
