/* binary products, int8, portable C. The header states the contract. */
#define RECORD eq_binary_product_s8_t
#include "eq_binary.h"
#include "eq_inline.h"

/* Variants: a requantization form, and whether it is a prelu. */
#define PRELU 16

static EQ_INLINE int32_t element(const RECORD *q, int32_t x1, int32_t x2, int32_t variant) {
  const eq_requant_form_t form = (eq_requant_form_t)(variant & ~PRELU);
  const int32_t x = x1 + q->offset1, product = x * (x2 + q->offset2);
  if ((variant & PRELU) == 0) {
    return eq_requantize(product, 0, &q->requant, form);
  }
  return x < 0 ? eq_requantize(product, 1, &q->requant, form) : eq_requantize(x, 0, &q->requant, form);
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

EQ_BINARY_S8_PROTOTYPE(eq_binary_s8_prelu_high_scalar, RECORD) {
  run(p, input1, input2, output, range, PRELU | EQ_REQUANT_HIGH);
}

EQ_BINARY_S8_PROTOTYPE(eq_binary_s8_prelu_shift_scalar, RECORD) {
  run(p, input1, input2, output, range, PRELU | EQ_REQUANT_SHIFT);
}

EQ_BINARY_S8_PROTOTYPE(eq_binary_s8_prelu_tflite_scalar, RECORD) {
  run(p, input1, input2, output, range, PRELU | EQ_REQUANT_TFLITE);
}
