/* mean_gradient: dx[pixel][c] = dy[c] / pixels. FP16 storage (f16) or float32 (f32). Work unit of `range`: pixels. dx and dy
 * must not overlap. No scratch. */
#ifndef EQ_MEAN_GRADIENT_H
#define EQ_MEAN_GRADIENT_H

#include "eq_float.h"
#include "eq_types.h"

typedef struct {
  int32_t pixels, channels;
} eq_mean_gradient_t;

void eq_mean_gradient_f16_scalar(const eq_mean_gradient_t *p, const eq_f16_t *restrict dy, eq_f16_t *restrict dx,
                                 eq_range_t range);
void eq_mean_gradient_f32_scalar(const eq_mean_gradient_t *p, const float *restrict dy, float *restrict dx,
                                 eq_range_t range);

#endif
