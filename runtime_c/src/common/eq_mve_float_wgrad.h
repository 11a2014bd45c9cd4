/* What the weight gradients share on MVE: eight sums by channels, as eq_mve_float.h has them, into memory. Include an
 * eq_element_*.h before. */
#ifndef EQ_MVE_FLOAT_WGRAD_H
#define EQ_MVE_FLOAT_WGRAD_H

#include "eq_conv2d_wgrad.h"
#include "eq_mve_float_block.h"
#include "eq_outputs_inside.h"

static EQ_INLINE void eq_mve_put_sums_f16(float *dw, eq_mve_float8_t sum) {
  const uint32x4_t even = vidupq_n_u32(0u, 2);
  vstrwq_scatter_shifted_offset_f32(dw, even, sum.a);
  vstrwq_scatter_shifted_offset_f32(dw + 1, even, sum.b);
}

static EQ_INLINE void eq_mve_put_sums_f32(float *dw, eq_mve_float8_t sum) {
  vst1q_f32(dw, sum.a);
  vst1q_f32(dw + 4, sum.b);
}

/* The first `channels` (up to 8) of eight sums. */
static EQ_INLINE void eq_mve_put_some(float *dw, eq_mve_float8_t sum, int32_t channels) {
  if (channels >= EQ_MVE_FLOAT_LANES) {
    MVE(put_sums)(dw, sum);
    return;
  }
  float every[EQ_MVE_FLOAT_LANES];
  MVE(put_sums)(every, sum);
  for (int32_t i = 0; i < channels; i++) {
    dw[i] = every[i];
  }
}

static EQ_INLINE eq_mve_float8_t eq_mve_no_sums(void) {
  return (eq_mve_float8_t){vdupq_n_f32(0.0f), vdupq_n_f32(0.0f)};
}

#endif
