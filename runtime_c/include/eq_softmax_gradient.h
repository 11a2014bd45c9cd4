/* softmax_gradient: the gradient of a softmax's input from its result y, row by row:
 * dx[i] = beta * y[i] * (dy[i] - sum over j of dy[j] * y[j]). FP16 storage (f16) or float32 (f32), the sum in float32 in
 * order. Work unit of `range`: rows. dx may lie over dy. No scratch. */
#ifndef EQ_SOFTMAX_GRADIENT_H
#define EQ_SOFTMAX_GRADIENT_H

#include "eq_float.h"
#include "eq_types.h"

typedef struct {
  int32_t depth;
  float beta;
} eq_softmax_gradient_t;

void eq_softmax_gradient_f16_scalar(const eq_softmax_gradient_t *p, const eq_f16_t *dy, const eq_f16_t *restrict y,
                                    eq_f16_t *dx, eq_range_t range);
void eq_softmax_gradient_f32_scalar(const eq_softmax_gradient_t *p, const float *dy, const float *restrict y, float *dx,
                                    eq_range_t range);

#endif
