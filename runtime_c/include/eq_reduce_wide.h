/* reduce, int16: one output for all elements along some axes; shapes, units, overlap and scratch as in eq_reduce.h.
 *
 *   sum       clamp(scale(bias + sum of the elements) + zero point), scale() being EQ_REQUANT_TFLITE; fewer than 2^15
 *             elements; bias = -count * zero point, and the generator folds 1 / count into the multiplier for a mean
 *   max, min  the largest or smallest element
 *   wrapping  the sum of the elements modulo 2^16; at most 2^16 elements */
#ifndef EQ_REDUCE_WIDE_H
#define EQ_REDUCE_WIDE_H

#include "eq_reduce.h"

typedef struct {
  eq_reduce_shape_t shape;
  int32_t bias;
  eq_requant_t requant; /* act_min and act_max in int16 */
} eq_reduce_wide_sum_t;

typedef struct {
  eq_reduce_shape_t shape;
} eq_reduce_wide_extreme_t; /* wrapping sums as well */

#define EQ_REDUCE_WIDE_PROTOTYPE(name, record) \
  void name(const record *p, const int16_t *restrict input, int16_t *restrict output, eq_range_t range)

EQ_REDUCE_WIDE_PROTOTYPE(eq_reduce_wide_sum_scalar, eq_reduce_wide_sum_t);
EQ_REDUCE_WIDE_PROTOTYPE(eq_reduce_wide_wrapping_scalar, eq_reduce_wide_extreme_t);
EQ_REDUCE_WIDE_PROTOTYPE(eq_reduce_wide_max_scalar, eq_reduce_wide_extreme_t);
EQ_REDUCE_WIDE_PROTOTYPE(eq_reduce_wide_min_scalar, eq_reduce_wide_extreme_t);

#endif
