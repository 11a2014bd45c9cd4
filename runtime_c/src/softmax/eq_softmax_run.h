/* softmax, int8: the rows of `range`. Include one of the headers that define eq_softmax_row before. */
#ifndef EQ_SOFTMAX_RUN_H
#define EQ_SOFTMAX_RUN_H

#include "eq_inline.h"
#include "eq_softmax.h"

static EQ_INLINE void eq_softmax_run(const eq_softmax_s8_t *p, const int8_t *input, int8_t *output, eq_range_t range) {
  for (int32_t row = range.begin; row < range.end; row++) {
    eq_softmax_row(p->exp_table, p->depth, input + row * p->depth, output + row * p->depth);
  }
}

#endif
