/* binary products, int8, portable C. The header states the contract. */
#define RECORD eq_binary_product_s8_t
#include "eq_binary.h"
#include "eq_inline.h"

static EQ_INLINE int32_t element(const RECORD *q, int32_t x1, int32_t x2, int32_t form) {
  return eq_requantize((x1 + q->offset1) * (x2 + q->offset2), 0, &q->requant, (eq_requant_form_t)form);
}

#include "eq_binary_run.h"

EQ_BINARY_S8_PROTOTYPE(eq_binary_s8_product_high_scalar, RECORD) {
  run(p, input1, input2, output, range, EQ_REQUANT_HIGH);
}

EQ_BINARY_S8_PROTOTYPE(eq_binary_s8_product_shift_scalar, RECORD) {
  run(p, input1, input2, output, range, EQ_REQUANT_SHIFT);
}

EQ_BINARY_S8_PROTOTYPE(eq_binary_s8_product_tflite_scalar, RECORD) {
  run(p, input1, input2, output, range, EQ_REQUANT_TFLITE);
}
