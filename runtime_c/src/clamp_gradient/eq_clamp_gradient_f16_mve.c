/* clamp_gradient, FP16 storage, Armv8.1-M MVE: the bits of eight elements at a time. The header states the contract. */
#include "eq_clamp_gradient.h"
#include "eq_element_f16.h"
#include "eq_mve_float.h"
#include "eq_float_between.h"

void eq_clamp_gradient_f16_mve(const eq_clamp_gradient_t *p, const eq_f16_t *dy, const eq_f16_t *y, eq_f16_t *dx,
                               eq_range_t range) {
  const float low = p->act_min, high = p->act_max;
  int32_t i = range.begin;
  if (low >= 0.0f && high > low) {
    const uint32_t first = eq_float_bits_above(low), span = eq_float_bits_from(high) - first;
    const uint16x8_t firsts = vdupq_n_u16((uint16_t)first), spans = vdupq_n_u16((uint16_t)span), zeros = vdupq_n_u16(0);
    for (; i < range.end; i += 8) {
      const mve_pred16_t some = vctp16q((uint32_t)(range.end - i));
      const uint16x8_t place = vsubq_u16(vldrhq_z_u16(y + i, some), firsts);
      vstrhq_p_u16(dx + i, vpselq_u16(vldrhq_z_u16(dy + i, some), zeros, vcmphiq_u16(spans, place)), some);
    }
  }
  for (; i < range.end; i++) {
    const float value = eq_f16_load(y + i);
    dx[i] = value > low && value < high ? dy[i] : (eq_f16_t)0;
  }
}
