/* binary in floating point, portable C, for the element that was included before. */
#include "eq_binary_float.h"
#include "eq_inline.h"

enum { ADD, SUB, RSUB, MUL, MINIMUM, MAXIMUM, SQUARED_DIFFERENCE, PRELU };

static EQ_INLINE float value_of(float x1, float x2, int32_t function) {
  switch (function) {
    case ADD: return x1 + x2;
    case SUB: return x1 - x2;
    case RSUB: return x2 - x1;
    case MUL: return x1 * x2;
    case MINIMUM: return x1 < x2 ? x1 : x2;
    case MAXIMUM: return x1 > x2 ? x1 : x2;
    case SQUARED_DIFFERENCE: return (x1 - x2) * (x1 - x2);
    default: return x1 >= 0.0f ? x1 : x1 * x2;
  }
}

#define EQ_BINARY_RECORD eq_binary_f32_t

static EQ_INLINE ELEMENT element(const EQ_BINARY_RECORD *q, ELEMENT left, ELEMENT right, int32_t function) {
  ELEMENT y;
  STORE(&y, eq_clampf(value_of(LOAD(&left), LOAD(&right), function), q->act_min, q->act_max));
  return y;
}

#undef RECORD
#define RECORD EQ_BINARY_RECORD
#include "eq_binary_run.h"

#define DEFINE(name, function) \
  EQ_BINARY_FLOAT_PROTOTYPE(name, ELEMENT) { run(p, input1, input2, output, range, function); }

DEFINE(KERNEL(binary, add_scalar), ADD)
DEFINE(KERNEL(binary, sub_scalar), SUB)
DEFINE(KERNEL(binary, rsub_scalar), RSUB)
DEFINE(KERNEL(binary, mul_scalar), MUL)
DEFINE(KERNEL(binary, minimum_scalar), MINIMUM)
DEFINE(KERNEL(binary, maximum_scalar), MAXIMUM)
DEFINE(KERNEL(binary, squared_difference_scalar), SQUARED_DIFFERENCE)
DEFINE(KERNEL(binary, prelu_scalar), PRELU)
