/* softmax in floating point, portable C, for the element that was included before. */
#include "eq_float_exp.h"
#include "eq_softmax_float.h"

void KERNEL(softmax, scalar)(const RECORD(softmax) *p, const ELEMENT *input, ELEMENT *output, eq_range_t range) {
  for (int32_t row = range.begin; row < range.end; row++) {
    const ELEMENT *const x = input + row * p->depth;
    ELEMENT *const y = output + row * p->depth;
    float largest = -EQ_FLOAT_INFINITY, sum = 0.0f;
    for (int32_t i = 0; i < p->depth; i++) {
      const float value = LOAD(x + i) * p->beta;
      largest = value > largest ? value : largest;
    }
    for (int32_t i = 0; i < p->depth; i++) {
      sum += eq_float_exp(LOAD(x + i) * p->beta - largest);
    }
    for (int32_t i = 0; i < p->depth; i++) {
      STORE(y + i, eq_clampf(eq_float_exp(LOAD(x + i) * p->beta - largest) / sum, p->act_min, p->act_max));
    }
  }
}
