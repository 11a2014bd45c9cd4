/* masked softmax, int8: every row is a softmax of its visible columns. Include one of the headers that define
 * eq_softmax_row before. */
#ifndef EQ_MASKED_SOFTMAX_RUN_H
#define EQ_MASKED_SOFTMAX_RUN_H

#include "eq_inline.h"
#include "eq_masked_softmax.h"

static EQ_INLINE void eq_masked_softmax_run(const eq_masked_softmax_s8_t *p, const int8_t *input, int8_t *output,
                                            eq_range_t range) {
  for (int32_t row = range.begin; row < range.end; row++) {
    const int16_t *const bounds = p->visible + 2 * (row % p->visible_rows);
    const int8_t *const x = input + row * p->depth;
    int8_t *const y = output + row * p->depth;
    eq_softmax_row(p->exp_table, bounds[1] - bounds[0], x + bounds[0], y + bounds[0]);
    for (int32_t i = 0; i < bounds[0]; i++) {
      y[i] = -128;
    }
    for (int32_t i = bounds[1]; i < p->depth; i++) {
      y[i] = -128;
    }
  }
}

#endif
