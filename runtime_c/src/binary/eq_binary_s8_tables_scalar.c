/* binary, int8, operands through tables (TensorFlow Lite's rounding), portable C. The header states the contract. */
#define RECORD eq_binary_tables_s8_t
#include "eq_binary.h"
#include "eq_inline.h"

/* `square`: of the squared sum. */
static EQ_INLINE int32_t element(const RECORD *q, int32_t x1, int32_t x2, int32_t square) {
  const int32_t u = q->table1[x1 + 128] + q->table2[x2 + 128];
  const int32_t y = eq_scale_acc(square ? u * u : u, q->multiplier1, q->shift1, EQ_REQUANT_TFLITE);
  return eq_clamp(y + q->zero_point, q->act_min, q->act_max);
}

#include "eq_binary_run.h"

EQ_BINARY_S8_PROTOTYPE(eq_binary_s8_tables_scalar, RECORD) { run(p, input1, input2, output, range, 0); }

EQ_BINARY_S8_PROTOTYPE(eq_binary_s8_squares_scalar, RECORD) { run(p, input1, input2, output, range, 1); }
