/* The largest of a row of int8, four a turn. */
#ifndef EQ_ROW_MAX_H
#define EQ_ROW_MAX_H

#include "eq_inline.h"
#include "eq_types.h"

static EQ_INLINE int32_t eq_larger(int32_t a, int32_t b) { return a > b ? a : b; }

static EQ_INLINE int32_t eq_row_max_s8(const int8_t *x, int32_t depth) {
  const int8_t *const end = x + depth, *const whole = x + (depth & ~3);
  int32_t max = -128;
  for (; x != whole; x += 4) {
    max = eq_larger(max, eq_larger(eq_larger(x[0], x[1]), eq_larger(x[2], x[3])));
  }
  for (; x != end; x++) {
    max = eq_larger(max, *x);
  }
  return max;
}

#endif
