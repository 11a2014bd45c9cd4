/* reduce, int8: one output for all elements along some axes: sums and means, largest and smallest, and where those are.
 *
 * Output number i = (i0 * kept[1] + i1) * kept[2] + i2 is made of the elements
 *   input[i0 * kept_stride[0] + i1 * kept_stride[1] + i2 * kept_stride[2] + j0 * stride[0] + j1 * stride[1] + j2 * stride[2]]
 * with 0 <= j < reduced. Axes that the operator doesn't need have size 1 and come first. Work unit of `range`: outputs.
 * Input and output must not overlap. No scratch. */
#ifndef EQ_REDUCE_H
#define EQ_REDUCE_H

#include "eq_requant.h"
#include "eq_types.h"

#define EQ_REDUCE_AXES 3

typedef struct {
  int32_t kept[EQ_REDUCE_AXES];
  int32_t kept_stride[EQ_REDUCE_AXES];
  int32_t reduced[EQ_REDUCE_AXES];
  int32_t stride[EQ_REDUCE_AXES];
} eq_reduce_shape_t;

/* Sums and means: requantize(bias + sum of the elements), one multiplier (and shift); bias = -count * zero point, and
 * the generator folds 1 / count into the multiplier. */
typedef struct {
  eq_reduce_shape_t shape;
  int32_t bias;
  eq_requant_t requant;
} eq_reduce_sum_s8_t;

/* The largest or smallest element, in the input's scale. */
typedef struct {
  eq_reduce_shape_t shape;
} eq_reduce_extreme_s8_t;

/* The index (0 .. 127) of the first of the largest or smallest elements along one axis, reduced[2]. */
typedef struct {
  eq_reduce_shape_t shape;
} eq_reduce_index_s8_t;

#define EQ_REDUCE_S8_PROTOTYPE(name, record) \
  void name(const record *p, const int8_t *restrict input, int8_t *restrict output, eq_range_t range)

EQ_REDUCE_S8_PROTOTYPE(eq_reduce_s8_sum_high_scalar, eq_reduce_sum_s8_t);
EQ_REDUCE_S8_PROTOTYPE(eq_reduce_s8_sum_shift_scalar, eq_reduce_sum_s8_t);
EQ_REDUCE_S8_PROTOTYPE(eq_reduce_s8_sum_tflite_scalar, eq_reduce_sum_s8_t);
EQ_REDUCE_S8_PROTOTYPE(eq_reduce_s8_max_scalar, eq_reduce_extreme_s8_t);
EQ_REDUCE_S8_PROTOTYPE(eq_reduce_s8_min_scalar, eq_reduce_extreme_s8_t);
EQ_REDUCE_S8_PROTOTYPE(eq_reduce_s8_argmax_scalar, eq_reduce_index_s8_t);
EQ_REDUCE_S8_PROTOTYPE(eq_reduce_s8_argmin_scalar, eq_reduce_index_s8_t);

#endif
