/* Where an output's elements begin. */
#ifndef EQ_REDUCE_FIRST_H
#define EQ_REDUCE_FIRST_H

#include "eq_inline.h"
#include "eq_reduce.h"

/* Index of the first element of output number `index`. */
static EQ_INLINE int32_t eq_reduce_first(const eq_reduce_shape_t *s, int32_t index) {
  const int32_t outer = index / s->kept[2];
  return (outer / s->kept[1]) * s->kept_stride[0] + (outer % s->kept[1]) * s->kept_stride[1] +
         (index % s->kept[2]) * s->kept_stride[2];
}

#endif
