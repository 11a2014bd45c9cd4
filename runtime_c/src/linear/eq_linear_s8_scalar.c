/* linear, int8, portable C. The header states the contract. Two rows times four channels share their loads. */
#include "eq_linear.h"
#include "eq_scalar_block.h"

static EQ_INLINE void linear(const eq_linear_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             eq_range_t range, eq_requant_form_t form) {
  const int32_t k = p->in_features;
  for (int32_t o = range.begin; o < range.end; o += 4) {
    const eq_weights_t w = eq_weights_of(p->weights, o, p->out_features, k);
    const eq_sums_t bias = eq_bias_of(p->bias, o, p->out_features);
    const int8_t *x = input;
    int8_t *y = output;
    int32_t rows = p->rows;
    for (; rows >= 2; rows -= 2) {
      eq_sums_t s = bias, t = bias;
      eq_run2(&s, &t, x, x + k, w, k);
      eq_store_sums(&p->requant, s, o, range.begin, range.end, y, form);
      eq_store_sums(&p->requant, t, o, range.begin, range.end, y + p->out_features, form);
      x += 2 * k;
      y += 2 * p->out_features;
    }
    if (rows > 0) {
      eq_sums_t s = bias;
      eq_run1(&s, x, w, k);
      eq_store_sums(&p->requant, s, o, range.begin, range.end, y, form);
    }
  }
}

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_high_scalar) {
  (void)scratch;
  linear(p, input, output, range, EQ_REQUANT_HIGH);
}

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_shift_scalar) {
  (void)scratch;
  linear(p, input, output, range, EQ_REQUANT_SHIFT);
}

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_tflite_scalar) {
  (void)scratch;
  linear(p, input, output, range, EQ_REQUANT_TFLITE);
}

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_line_scalar) {
  (void)scratch;
  linear(p, input, output, range, EQ_REQUANT_LINE);
}

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_step_scalar) {
  (void)scratch;
  linear(p, input, output, range, EQ_REQUANT_STEP);
}
