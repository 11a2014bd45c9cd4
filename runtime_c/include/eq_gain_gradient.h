/* gain_gradient: dgain[c] = sum of dy[pixel][c] * x[pixel][c] over all pixels; float32, dy and x in FP16 storage (f16) or
 * float32 (f32). Work unit of `range`: channels. No scratch. */
#ifndef EQ_GAIN_GRADIENT_H
#define EQ_GAIN_GRADIENT_H

#include "eq_float.h"
#include "eq_types.h"

typedef struct {
  int32_t pixels, channels;
} eq_gain_gradient_t;

void eq_gain_gradient_f16_scalar(const eq_gain_gradient_t *p, const eq_f16_t *restrict dy, const eq_f16_t *restrict x,
                                 float *restrict dgain, eq_range_t range);
void eq_gain_gradient_f32_scalar(const eq_gain_gradient_t *p, const float *restrict dy, const float *restrict x,
                                 float *restrict dgain, eq_range_t range);

#endif
