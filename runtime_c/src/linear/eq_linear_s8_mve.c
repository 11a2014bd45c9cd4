/* linear, int8, Armv8.1-M MVE. The header states the contract, eq_mve.h the matrix product. Rows go in pairs. */
#include "eq_linear.h"
#include "eq_mve.h"

static EQ_INLINE void linear(const eq_linear_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             eq_range_t range, eq_requant_form_t form) {
  const int32_t k = p->in_features, pitch = p->out_features;
  const eq_mve_requant_t q = eq_mve_requant(&p->requant);
  int32_t row = 0;
  for (; row + 2 <= p->rows; row += 2) {
    const int8_t *const x = input + row * k;
    eq_mve_product(x, x + k, k, p->weights, p->bias, &q, range, output + row * pitch, pitch, 2, form);
  }
  if (row < p->rows) {
    const int8_t *const x = input + row * k;
    eq_mve_product(x, x, k, p->weights, p->bias, &q, range, output + row * pitch, pitch, 1, form);
  }
}

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_high_mve) {
  (void)scratch;
  linear(p, input, output, range, EQ_REQUANT_HIGH);
}

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_shift_mve) {
  (void)scratch;
  linear(p, input, output, range, EQ_REQUANT_SHIFT);
}

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_tflite_mve) {
  (void)scratch;
  linear(p, input, output, range, EQ_REQUANT_TFLITE);
}
