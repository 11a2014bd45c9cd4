/* linear, int8, Armv8.1-M MVE. The header states the contract, eq_mve.h the matrix product. Rows go in pairs. */
#include "eq_linear.h"
#include "eq_mve.h"

static EQ_INLINE void linear(const eq_linear_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             eq_range_t range, eq_requant_form_t form) {
  const int32_t k = p->in_features, pitch = p->out_features;
  eq_mve_product_t c = {NULL, NULL, k, p->bias, NULL, pitch, eq_mve_requant(&p->requant)};
  for (int32_t row = 0; row < p->rows; row += 2) {
    c.x = input + row * k;
    c.z = c.x + k;
    c.y = output + row * pitch;
    if (row + 1 < p->rows) {
      eq_mve_product(&c, p->weights, range, 2, form);
    } else {
      eq_mve_product(&c, p->weights, range, 1, form);
    }
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
