/* bias_gradient: db[c] = sum of dy[pixel][c] over all pixels; float32, dy in FP16 storage (f16) or float32 (f32). Work unit of
 * `range`: channels, in groups of four (mve: eight, xpulp: two). No scratch. */
#ifndef EQ_BIAS_GRADIENT_H
#define EQ_BIAS_GRADIENT_H

#include "eq_float.h"
#include "eq_types.h"

typedef struct {
  int32_t pixels, channels;
} eq_bias_gradient_t;

void eq_bias_gradient_f16_scalar(const eq_bias_gradient_t *p, const eq_f16_t *restrict dy, float *restrict db,
                                 eq_range_t range);
void eq_bias_gradient_f16_mve(const eq_bias_gradient_t *p, const eq_f16_t *restrict dy, float *restrict db,
                              eq_range_t range);
void eq_bias_gradient_f32_mve(const eq_bias_gradient_t *p, const float *restrict dy, float *restrict db,
                              eq_range_t range);
/* channels: an even number */
void eq_bias_gradient_f16_xpulp(const eq_bias_gradient_t *p, const eq_f16_t *restrict dy, float *restrict db,
                                eq_range_t range);
void eq_bias_gradient_f32_scalar(const eq_bias_gradient_t *p, const float *restrict dy, float *restrict db,
                                 eq_range_t range);

#endif
