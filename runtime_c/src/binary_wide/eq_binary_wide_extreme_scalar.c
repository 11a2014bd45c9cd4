/* binary minimum and maximum, int16, portable C. The header states the contract. */
#include "eq_binary_wide.h"
#define RECORD eq_binary_wide_extreme_t
#define ELEMENT int16_t
#include "eq_inline.h"

static EQ_INLINE int32_t element(const RECORD *q, int32_t x1, int32_t x2, int32_t larger) {
  return eq_clamp((x1 < x2) == (larger != 0) ? x2 : x1, q->act_min, q->act_max);
}

#include "eq_binary_run.h"

EQ_BINARY_WIDE_PROTOTYPE(eq_binary_wide_min_scalar, RECORD) { run(p, input1, input2, output, range, 0); }

EQ_BINARY_WIDE_PROTOTYPE(eq_binary_wide_max_scalar, RECORD) { run(p, input1, input2, output, range, 1); }
