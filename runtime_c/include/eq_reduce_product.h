/* reduce_product: the product of all elements along some axes, scaled after every factor; int8 (s8) or int16 (s16).
 * Shapes, units, overlap and scratch as in eq_reduce.h; elements are taken in the order of memory.
 *
 *   p = x0 - zero point, then for each further element p = scale(p * (x - zero point)), at last
 *   output = clamp(scale(p) + output zero point)         scale(a) = floor((a * multiplier + 2^(shift-1)) / 2^shift)
 *
 * multiplier < 2^15, 1 <= shift <= 62; the generator has proven |p| < 2^31 for every input. As TensorFlow Lite's
 * QuantizedReduceProd. */
#ifndef EQ_REDUCE_PRODUCT_H
#define EQ_REDUCE_PRODUCT_H

#include "eq_reduce.h"

typedef struct {
  eq_reduce_shape_t shape;
  int32_t zero_point, output_zero_point;
  int32_t multiplier, shift;
  int32_t act_min, act_max;
} eq_reduce_product_t;

#define EQ_REDUCE_PRODUCT_PROTOTYPE(name, element) \
  void name(const eq_reduce_product_t *p, const element *restrict input, element *restrict output, eq_range_t range)

EQ_REDUCE_PRODUCT_PROTOTYPE(eq_reduce_product_s8_scalar, int8_t);
EQ_REDUCE_PRODUCT_PROTOTYPE(eq_reduce_product_s16_scalar, int16_t);

#endif
