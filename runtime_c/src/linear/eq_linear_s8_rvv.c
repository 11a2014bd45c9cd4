/* linear, int8, RISC-V vectors. The header states the contract, eq_rvv_product.h the product. */
#include "eq_linear.h"
#include "eq_rvv_product.h"

static EQ_INLINE void linear(const eq_linear_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             eq_range_t range, eq_requant_form_t form) {
  const eq_rvv_layer_t layer = {p->weights, p->bias, p->out_features, p->requant};
  eq_rvv_pixels_t x = {.pitch = p->in_features, .rows = 1, .columns = 1, .run = p->in_features};
  for (int32_t row = 0; row < p->rows; row += EQ_RVV_PIXELS) {
    const int32_t left = p->rows - row;
    x.first = input + row * p->in_features;
    eq_rvv_product(&layer, x, range, output + row * p->out_features, left < EQ_RVV_PIXELS ? left : EQ_RVV_PIXELS,
                   form);
  }
}

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_high_rvv) {
  (void)scratch;
  linear(p, input, output, range, EQ_REQUANT_HIGH);
}

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_shift_rvv) {
  (void)scratch;
  linear(p, input, output, range, EQ_REQUANT_SHIFT);
}

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_tflite_rvv) {
  (void)scratch;
  linear(p, input, output, range, EQ_REQUANT_TFLITE);
}

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_line_rvv) {
  (void)scratch;
  linear(p, input, output, range, EQ_REQUANT_LINE);
}

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_step_rvv) {
  (void)scratch;
  linear(p, input, output, range, EQ_REQUANT_STEP);
}
