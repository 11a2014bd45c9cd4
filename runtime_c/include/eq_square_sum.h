/* square_sum: sum[i] = the squared sum of elements i * chunk to (i + 1) * chunk - 1 of a gradient, in float32. Work unit of
 * `range`: the EQ_SQUARE_SUM_CHUNKS parts (eq_step_control.h). No scratch. */
#ifndef EQ_SQUARE_SUM_H
#define EQ_SQUARE_SUM_H

#include "eq_float.h"
#include "eq_types.h"

typedef struct {
  int32_t elements, chunk;
} eq_square_sum_t;

void eq_square_sum_scalar(const eq_square_sum_t *p, const float *restrict x, float *restrict sum, eq_range_t range);

#endif
