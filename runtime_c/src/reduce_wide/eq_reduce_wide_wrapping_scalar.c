/* reduce to sums modulo 2^16, int16, portable C. The header states the contract. */
#include "eq_reduce_wide.h"
#define ELEMENT int16_t
#include "eq_reduce_run.h"

EQ_REDUCE_WIDE_PROTOTYPE(eq_reduce_wide_wrapping_scalar, eq_reduce_wide_extreme_t) {
  for (int32_t i = range.begin; i < range.end; i++) {
    output[i] = (int16_t)eq_reduce_all(&p->shape, input + eq_reduce_first(&p->shape, i), 0, EQ_REDUCE_SUM);
  }
}
