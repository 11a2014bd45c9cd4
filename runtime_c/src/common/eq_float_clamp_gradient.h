/* clamp_gradient, portable C, for the element that was included before. */
#include "eq_clamp_gradient.h"

void KERNEL(clamp_gradient, scalar)(const eq_clamp_gradient_t *p, const ELEMENT *dy, const ELEMENT *y, ELEMENT *dx,
                                    eq_range_t range) {
  for (int32_t i = range.begin; i < range.end; i++) {
    const float value = LOAD(y + i);
    dx[i] = value > p->act_min && value < p->act_max ? dy[i] : (ELEMENT)0;
  }
}
