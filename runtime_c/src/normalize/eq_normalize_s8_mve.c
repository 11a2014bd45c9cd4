/* normalize, int8, Armv8.1-M MVE: sums 16 bytes at a time, outputs four. The header states the contract. */
#include "eq_mve.h"
#include "eq_normalize_run.h"

static EQ_INLINE void eq_normalize_sums(const int8_t *x, int32_t n, int32_t *sum, int32_t *squares) {
  int32_t total = *sum, square = *squares;
  for (; n > 0; n -= EQ_MVE_BLOCK) {
    const int8x16_t bytes = vldrbq_z_s8(x, vctp8q((uint32_t)n));
    x += EQ_MVE_BLOCK;
    total = vaddvaq_s8(total, bytes);
    square = vmladavaq_s8(square, bytes, bytes);
  }
  *sum = total;
  *squares = square;
}

/* The high word of the last product is VMULH's, the bias's and the carry of their low words. */
static EQ_INLINE void eq_normalize_values(const eq_normalize_set_t *set, const int32_t *gain, const int32_t *bias,
                                          const int8_t *x, int32_t n, int8_t *y) {
  const int32x4_t r = vdupq_n_s32(set->r), sum = vdupq_n_s32((int32_t)set->sum), down = vdupq_n_s32(-set->down);
  const int32x4_t low = vdupq_n_s32(set->act_min), high = vdupq_n_s32(set->act_max);
  const int32_t scale = (int32_t)set->scale;
  for (; n > 0; n -= EQ_MVE_LANES) {
    const mve_pred16_t lanes = vctp32q((uint32_t)n);
    const int32x4_t e = vsubq_s32(vmulq_n_s32(vldrbq_z_s32(x, lanes), scale), sum);
    const int32x4_t t = vrmulhq_s32(e, r), g = vldrwq_z_s32(gain, lanes), b = vldrwq_z_s32(bias, lanes);
    const uint32x4_t added = (uint32x4_t)vshlq_n_s32(b, EQ_NORMALIZE_FRACTION);
    const uint32x4_t bottom = vaddq_u32((uint32x4_t)vmulq_s32(t, g), added);
    int32x4_t top = vaddq_s32(vmulhq_s32(t, g), vshrq_n_s32(b, 32 - EQ_NORMALIZE_FRACTION));
    top = vaddq_m_n_s32(top, top, 1, vcmphiq_u32(added, bottom));
    vstrbq_p_s32(y, vminq_s32(vmaxq_s32(vshlq_s32(top, down), low), high), lanes);
    x += EQ_MVE_LANES;
    gain += EQ_MVE_LANES;
    bias += EQ_MVE_LANES;
    y += EQ_MVE_LANES;
  }
}

void eq_normalize_s8_mve(const eq_normalize_s8_t *p, const int8_t *input, int8_t *output, eq_range_t range) {
  eq_normalize_run(p, input, output, range);
}
