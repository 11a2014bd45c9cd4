/* linear, int8, Armv8.1-M MVE. The header states the contract, eq_mve_product.h the product. Rows go in pairs, in place
 * if in_features is a multiple of 16. */
#include "eq_linear.h"
#include "eq_mve_product.h"

static EQ_INLINE void linear(const eq_linear_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             void *restrict scratch, eq_range_t range, eq_requant_form_t form) {
  eq_mve_product_t c;
  eq_mve_operands(&c, p->in_features, p->bias, p->out_features, &p->requant);
  for (int32_t row = 0; row < p->rows; row += 2) {
    const int32_t rows = row + 1 < p->rows ? 2 : 1;
    c.y = output + row * p->out_features;
    eq_mve_rows_product(&c, input + row * p->in_features, p->in_features, p->weights, scratch, range, rows, form);
  }
}

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_high_mve) { linear(p, input, output, scratch, range, EQ_REQUANT_HIGH); }

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_shift_mve) { linear(p, input, output, scratch, range, EQ_REQUANT_SHIFT); }

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_tflite_mve) { linear(p, input, output, scratch, range, EQ_REQUANT_TFLITE); }

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_line_mve) { linear(p, input, output, scratch, range, EQ_REQUANT_LINE); }

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_step_mve) { linear(p, input, output, scratch, range, EQ_REQUANT_STEP); }
