/* softmax_gradient, portable C, for the element that was included before. */
#include "eq_softmax_gradient.h"

void KERNEL(softmax_gradient, scalar)(const eq_softmax_gradient_t *p, const ELEMENT *dy, const ELEMENT *restrict y,
                                      ELEMENT *dx, eq_range_t range) {
  for (int32_t at = range.begin * p->depth; at < range.end * p->depth; at += p->depth) {
    float sum = 0.0f;
    for (int32_t i = at; i < at + p->depth; i++) {
      sum = eq_fma(LOAD(dy + i), LOAD(y + i), sum);
    }
    for (int32_t i = at; i < at + p->depth; i++) {
      STORE(dx + i, p->beta * LOAD(y + i) * (LOAD(dy + i) - sum));
    }
  }
}
