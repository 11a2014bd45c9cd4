/* reduce to sums, int8, portable C. The header states the contract. */
#include "eq_reduce_run.h"

static EQ_INLINE void sums(const eq_reduce_sum_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                           eq_range_t range, eq_requant_form_t form) {
  for (int32_t i = range.begin; i < range.end; i++) {
    const int32_t acc = eq_reduce_all(&p->shape, input + eq_reduce_first(&p->shape, i), p->bias, EQ_REDUCE_SUM);
    output[i] = eq_requantize(acc, 0, &p->requant, form);
  }
}

EQ_REDUCE_S8_PROTOTYPE(eq_reduce_s8_sum_high_scalar, eq_reduce_sum_s8_t) {
  sums(p, input, output, range, EQ_REQUANT_HIGH);
}

EQ_REDUCE_S8_PROTOTYPE(eq_reduce_s8_sum_shift_scalar, eq_reduce_sum_s8_t) {
  sums(p, input, output, range, EQ_REQUANT_SHIFT);
}

EQ_REDUCE_S8_PROTOTYPE(eq_reduce_s8_sum_tflite_scalar, eq_reduce_sum_s8_t) {
  sums(p, input, output, range, EQ_REQUANT_TFLITE);
}
