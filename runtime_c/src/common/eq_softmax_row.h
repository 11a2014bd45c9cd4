/* One row of eq_softmax_s8 (eq_softmax.h): output may be the input. */
#ifndef EQ_SOFTMAX_ROW_H
#define EQ_SOFTMAX_ROW_H

#include "eq_types.h"

static inline void eq_softmax_row(const uint32_t *exp_table, int32_t depth, const int8_t *x, int8_t *y) {
  int32_t max = -128;
  for (int32_t i = 0; i < depth; i++) {
    max = x[i] > max ? x[i] : max;
  }
  uint32_t sum = 0;
  for (int32_t i = 0; i < depth; i++) {
    sum += exp_table[max - x[i]];
  }
  for (int32_t i = 0; i < depth; i++) {
    const uint32_t q = ((exp_table[max - x[i]] << 8) + sum / 2u) / sum;
    y[i] = (int8_t)(q > 255u ? 127 : (int32_t)q - 128);
  }
}

#endif
