/* reduce to the index of the largest or smallest, int8, portable C. The header states the contract. */
#include "eq_reduce_run.h"

static EQ_INLINE void indices(const eq_reduce_index_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                              eq_range_t range, eq_reduce_kind_t kind) {
  const int32_t count = p->shape.reduced[2], stride = p->shape.stride[2];
  for (int32_t i = range.begin; i < range.end; i++) {
    const int8_t *x = input + eq_reduce_first(&p->shape, i);
    int32_t best = x[0], at = 0;
    for (int32_t j = 1; j < count; j++) {
      const int32_t value = x[j * stride];
      if (kind == EQ_REDUCE_MAX ? value > best : value < best) {
        best = value;
        at = j;
      }
    }
    output[i] = (int8_t)at;
  }
}

EQ_REDUCE_S8_PROTOTYPE(eq_reduce_s8_argmax_scalar, eq_reduce_index_s8_t) {
  indices(p, input, output, range, EQ_REDUCE_MAX);
}

EQ_REDUCE_S8_PROTOTYPE(eq_reduce_s8_argmin_scalar, eq_reduce_index_s8_t) {
  indices(p, input, output, range, EQ_REDUCE_MIN);
}
