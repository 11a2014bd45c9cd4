/* clamp_gradient: dx = dy where act_min < y < act_max, else 0, y being the activation's result. FP16 storage (f16) or float32
 * (f32). Work unit of `range`: elements, xpulp: in pairs. dx may lie over dy. No scratch. */
#ifndef EQ_CLAMP_GRADIENT_H
#define EQ_CLAMP_GRADIENT_H

#include "eq_float.h"
#include "eq_types.h"

typedef struct {
  float act_min, act_max;
} eq_clamp_gradient_t;

void eq_clamp_gradient_f16_scalar(const eq_clamp_gradient_t *p, const eq_f16_t *dy, const eq_f16_t *y, eq_f16_t *dx,
                                  eq_range_t range);
void eq_clamp_gradient_f16_mve(const eq_clamp_gradient_t *p, const eq_f16_t *dy, const eq_f16_t *y, eq_f16_t *dx,
                               eq_range_t range);
void eq_clamp_gradient_f16_xpulp(const eq_clamp_gradient_t *p, const eq_f16_t *dy, const eq_f16_t *y, eq_f16_t *dx,
                                 eq_range_t range);
void eq_clamp_gradient_f32_scalar(const eq_clamp_gradient_t *p, const float *dy, const float *y, float *dx,
                                  eq_range_t range);

#endif
