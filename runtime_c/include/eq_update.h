/* Updates of parameters by a step's control (eq_step_control.h), in float32; nothing changes unless the control says so.
 *
 *   sgd:      g = factor * gradient + decay * p; v = momentum * v + g; p = p - rate * v (without velocity: p - rate * g)
 *   adam:     g = factor * gradient; m = m + 0.1 (g - m); v = v + 0.001 (g^2 - v);
 *             p = p (1 - rate * decay) - rate / first * m / (sqrt(v / second) + 1e-8)
 *
 * `decays`: weight decay acts on the parameter. Results lie over the old values. Work unit of `range`: elements. No scratch. */
#ifndef EQ_UPDATE_H
#define EQ_UPDATE_H

#include "eq_float.h"
#include "eq_types.h"

typedef struct {
  int32_t decays;
} eq_update_t;

void eq_sgd_scalar(const eq_update_t *p, float *parameter, const float *restrict gradient, const float *restrict control,
                   float *restrict velocity, eq_range_t range);
void eq_adam_scalar(const eq_update_t *p, float *parameter, const float *restrict gradient, const float *restrict control,
                    float *restrict mean, float *restrict square, eq_range_t range);

#endif
