/* compare, int8, portable C. The header states the contract. */
#include "eq_compare.h"
#define RECORD eq_compare_s8_t
#include "eq_inline.h"

enum { LESS, EQUAL, NOT_EQUAL };

static EQ_INLINE int32_t element(const RECORD *q, int32_t x1, int32_t x2, int32_t function) {
  const int32_t left = q->rank1[x1 + 128], right = q->rank2[x2 + 128];
  return function == LESS ? left < right : (left == right) == (function == EQUAL);
}

#include "eq_binary_run.h"

EQ_COMPARE_S8_PROTOTYPE(eq_compare_s8_less_scalar) { run(p, input1, input2, output, range, LESS); }

EQ_COMPARE_S8_PROTOTYPE(eq_compare_s8_equal_scalar) { run(p, input1, input2, output, range, EQUAL); }

EQ_COMPARE_S8_PROTOTYPE(eq_compare_s8_not_equal_scalar) { run(p, input1, input2, output, range, NOT_EQUAL); }
