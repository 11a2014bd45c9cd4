/* clamp_gradient, FP16 storage, Xpulp: the bits of two elements at a time. The header states the contract. */
#include "eq_clamp_gradient.h"
#include "eq_xpulp_f16.h"
#include "eq_float_between.h"

static EQ_INLINE void keep_word(const eq_f16_t *dy, const eq_f16_t *y, eq_f16_t *dx, uint32_t first, uint32_t span) {
  const uint32_t inside = eq_xcv_cmpgtu_h(span, eq_xcv_sub_h(eq_xpulp_word_at(y), first));
  eq_xpulp_store_word(dx, eq_xpulp_word_at(dy) & inside);
}

void eq_clamp_gradient_f16_xpulp(const eq_clamp_gradient_t *p, const eq_f16_t *dy, const eq_f16_t *y, eq_f16_t *dx,
                                 eq_range_t range) {
  const float low = p->act_min, high = p->act_max;
  int32_t left = range.end - range.begin;
  dy += range.begin;
  y += range.begin;
  dx += range.begin;
  if (low >= 0.0f && high > low) {
    const uint32_t first = eq_float_bits_above(low), span = eq_float_bits_from(high) - first;
    const uint32_t firsts = first * 0x00010001u, spans = span * 0x00010001u;
    for (; left >= 8; left -= 8) {
      keep_word(dy, y, dx, firsts, spans);
      keep_word(dy + 2, y + 2, dx + 2, firsts, spans);
      keep_word(dy + 4, y + 4, dx + 4, firsts, spans);
      keep_word(dy + 6, y + 6, dx + 6, firsts, spans);
      dy += 8;
      y += 8;
      dx += 8;
    }
  }
  for (; left > 0; left--) {
    const float value = eq_f16_load(y++);
    *dx++ = value > low && value < high ? *dy : (eq_f16_t)0;
    dy++;
  }
}
