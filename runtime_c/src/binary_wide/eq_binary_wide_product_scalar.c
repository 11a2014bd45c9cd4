/* binary products, int16, portable C. The header states the contract. */
#include "eq_binary_wide.h"
#define RECORD eq_binary_wide_product_t
#define ELEMENT int16_t
#include "eq_inline.h"

static EQ_INLINE int32_t element(const RECORD *q, int32_t x1, int32_t x2, int32_t variant) {
  (void)variant;
  return eq_clamp(eq_scale_acc(x1 * x2, q->m, q->s, EQ_REQUANT_TFLITE), q->act_min, q->act_max);
}

#include "eq_binary_run.h"

EQ_BINARY_WIDE_PROTOTYPE(eq_binary_wide_product_scalar, RECORD) { run(p, input1, input2, output, range, 0); }
