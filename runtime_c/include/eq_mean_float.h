/* mean in floating point: y[c] = clamp(sum of x[pixel][c] over all pixels / pixels). FP16 storage (f16) or float32 (f32);
 * the sum in float32, pixel by pixel.
 *
 * Work unit of `range`: channels. Input and output must not overlap. No scratch. */
#ifndef EQ_MEAN_FLOAT_H
#define EQ_MEAN_FLOAT_H

#include "eq_float.h"
#include "eq_types.h"

typedef struct {
  int32_t pixels, channels;
  float act_min, act_max;
} eq_mean_f32_t;

typedef eq_mean_f32_t eq_mean_f16_t;

void eq_mean_f16_scalar(const eq_mean_f16_t *p, const eq_f16_t *restrict input, eq_f16_t *restrict output,
                        eq_range_t range);
void eq_mean_f32_scalar(const eq_mean_f32_t *p, const float *restrict input, float *restrict output, eq_range_t range);

#endif
