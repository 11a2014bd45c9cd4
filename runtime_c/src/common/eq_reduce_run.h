/* What the reductions of integers share: the loop over an output's elements. Define ELEMENT, the type of the
 * elements, before it is included; it is int8_t otherwise. */
#ifndef EQ_REDUCE_RUN_H
#define EQ_REDUCE_RUN_H

#include "eq_reduce_first.h"

#ifndef ELEMENT
#define ELEMENT int8_t
#endif

typedef enum { EQ_REDUCE_SUM, EQ_REDUCE_MAX, EQ_REDUCE_MIN } eq_reduce_kind_t;

/* `acc` with all elements from x on; `kind` is a compile-time constant. */
static EQ_INLINE int32_t eq_reduce_all(const eq_reduce_shape_t *s, const ELEMENT *x, int32_t acc,
                                       eq_reduce_kind_t kind) {
  for (int32_t j0 = 0; j0 < s->reduced[0]; j0++) {
    for (int32_t j1 = 0; j1 < s->reduced[1]; j1++) {
      const ELEMENT *row = x + (j0 * s->stride[0] + j1 * s->stride[1]);
      for (int32_t j2 = 0; j2 < s->reduced[2]; j2++) {
        const int32_t value = row[j2 * s->stride[2]];
        if (kind == EQ_REDUCE_SUM) {
          acc += value;
        } else if ((value < acc) == (kind == EQ_REDUCE_MIN)) {
          acc = value;
        } else {
          /* the extreme so far stays */
        }
      }
    }
  }
  return acc;
}

#endif
