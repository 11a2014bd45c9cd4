/* clamp_gradient, portable C, for the element that was included before. */
#include "eq_clamp_gradient.h"
#include "eq_float_between.h"

/* dy, or 0 where y isn't one of the `span` numbers from the one with the bits `first` on. */
static EQ_INLINE ELEMENT kept(ELEMENT dy, ELEMENT y, uint32_t first, uint32_t span) {
  return OF_BITS(BITS(dy) & (0u - (uint32_t)(BITS(y) - first < span)));
}

void KERNEL(clamp_gradient, scalar)(const eq_clamp_gradient_t *p, const ELEMENT *dy, const ELEMENT *y, ELEMENT *dx,
                                    eq_range_t range) {
  int32_t i = range.begin;
  if (p->act_min >= 0.0f && p->act_max > p->act_min) {
    const uint32_t first = eq_float_bits_above(p->act_min), span = eq_float_bits_from(p->act_max) - first;
    for (; i + 4 <= range.end; i += 4) {
      const ELEMENT d0 = kept(dy[i], y[i], first, span), d1 = kept(dy[i + 1], y[i + 1], first, span);
      const ELEMENT d2 = kept(dy[i + 2], y[i + 2], first, span), d3 = kept(dy[i + 3], y[i + 3], first, span);
      dx[i] = d0;
      dx[i + 1] = d1;
      dx[i + 2] = d2;
      dx[i + 3] = d3;
    }
  }
  for (; i < range.end; i++) {
    const float value = LOAD(y + i);
    dx[i] = value > p->act_min && value < p->act_max ? dy[i] : (ELEMENT)0;
  }
}
