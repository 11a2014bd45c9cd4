/* compare, int16, portable C. The header states the contract. */
#include "eq_compare.h"
#define RECORD eq_compare_wide_t
#define ELEMENT int16_t
#define RESULT int8_t
#include "eq_inline.h"

enum { LESS, EQUAL, NOT_EQUAL };

static EQ_INLINE int32_t element(const RECORD *q, int32_t x1, int32_t x2, int32_t function) {
  return function == LESS ? q->sign * x1 < q->sign * x2 + q->offset : (x1 == x2) == (function == EQUAL);
}

#include "eq_binary_run.h"

EQ_COMPARE_WIDE_PROTOTYPE(eq_compare_wide_less_scalar) { run(p, input1, input2, output, range, LESS); }

EQ_COMPARE_WIDE_PROTOTYPE(eq_compare_wide_equal_scalar) { run(p, input1, input2, output, range, EQUAL); }

EQ_COMPARE_WIDE_PROTOTYPE(eq_compare_wide_not_equal_scalar) { run(p, input1, input2, output, range, NOT_EQUAL); }
