/* reduce to the largest or smallest, int8, portable C. The header states the contract. */
#include "eq_reduce_run.h"

static EQ_INLINE void extremes(const eq_reduce_extreme_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                               eq_range_t range, eq_reduce_kind_t kind) {
  for (int32_t i = range.begin; i < range.end; i++) {
    const int8_t *x = input + eq_reduce_first(&p->shape, i);
    output[i] = (int8_t)eq_reduce_all(&p->shape, x, *x, kind);
  }
}

EQ_REDUCE_S8_PROTOTYPE(eq_reduce_s8_max_scalar, eq_reduce_extreme_s8_t) {
  extremes(p, input, output, range, EQ_REDUCE_MAX);
}

EQ_REDUCE_S8_PROTOTYPE(eq_reduce_s8_min_scalar, eq_reduce_extreme_s8_t) {
  extremes(p, input, output, range, EQ_REDUCE_MIN);
}
