/* reduce in floating point: y = clamp(sum of the elements / divisor), which elements as in eq_reduce.h. FP16 storage (f16)
 * or float32 (f32), the sum in float32 in their order.
 *
 * Work unit of `range`: outputs. Input and output must not overlap. No scratch. */
#ifndef EQ_REDUCE_FLOAT_H
#define EQ_REDUCE_FLOAT_H

#include "eq_float.h"
#include "eq_reduce.h"

typedef struct {
  eq_reduce_shape_t shape;
  float divisor; /* 1, or the number of elements for a mean */
  float act_min, act_max;
} eq_reduce_f32_t;

typedef eq_reduce_f32_t eq_reduce_f16_t;

void eq_reduce_f16_scalar(const eq_reduce_f16_t *p, const eq_f16_t *restrict input, eq_f16_t *restrict output,
                          eq_range_t range);
void eq_reduce_f32_scalar(const eq_reduce_f32_t *p, const float *restrict input, float *restrict output,
                          eq_range_t range);

#endif
