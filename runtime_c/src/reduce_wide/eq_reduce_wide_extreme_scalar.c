/* reduce to the largest or smallest, int16, portable C. The header states the contract. */
#include "eq_reduce_wide.h"
#define ELEMENT int16_t
#include "eq_reduce_run.h"

static EQ_INLINE void extremes(const eq_reduce_wide_extreme_t *p, const int16_t *restrict input,
                               int16_t *restrict output, eq_range_t range, eq_reduce_kind_t kind) {
  for (int32_t i = range.begin; i < range.end; i++) {
    const int16_t *x = input + eq_reduce_first(&p->shape, i);
    output[i] = (int16_t)eq_reduce_all(&p->shape, x, *x, kind);
  }
}

EQ_REDUCE_WIDE_PROTOTYPE(eq_reduce_wide_max_scalar, eq_reduce_wide_extreme_t) {
  extremes(p, input, output, range, EQ_REDUCE_MAX);
}

EQ_REDUCE_WIDE_PROTOTYPE(eq_reduce_wide_min_scalar, eq_reduce_wide_extreme_t) {
  extremes(p, input, output, range, EQ_REDUCE_MIN);
}
