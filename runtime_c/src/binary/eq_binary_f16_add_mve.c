/* binary, add of two activations of one shape, FP16 storage, Armv8.1-M MVE. The header states the contract. */
#include "eq_binary_float.h"
#include "eq_mve_float.h"

static EQ_INLINE float16x8_t spread(float value) {
  eq_f16_t half;
  eq_f16_store(&half, value);
  return vreinterpretq_f16_u16(vdupq_n_u16(half));
}

EQ_BINARY_FLOAT_PROTOTYPE(eq_binary_f16_add_mve, eq_f16_t) {
  const float16x8_t lows = spread(p->act_min), highs = spread(p->act_max);
  for (int32_t i = range.begin; i < range.end; i += 8) {
    const mve_pred16_t some = vctp16q((uint32_t)(range.end - i));
    const float16x8_t a = vreinterpretq_f16_u16(vldrhq_z_u16(input1 + i, some));
    const float16x8_t b = vreinterpretq_f16_u16(vldrhq_z_u16(input2 + i, some));
    const float16x8_t sum = vminnmq_f16(vmaxnmq_f16(vaddq_f16(a, b), lows), highs);
    vstrhq_p_u16(output + i, vreinterpretq_u16_f16(sum), some);
  }
}
