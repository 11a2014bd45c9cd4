/* normalize_gradient: the gradient of a normalization's input, FP16 storage (f16) or float32 (f32), computed in float32. Sets,
 * d, r and the record's fields as in eq_normalize_float.h, bias and limits unused; with n elements a set:
 *
 *   g = dy * gain[c]
 *   dx = r * (g - sum(g) / n - d * r * sum(g * d * r) / n)   or, not centred, without the second term
 *
 * Work unit of `range`: sets. dx may lie over dy. No scratch. */
#ifndef EQ_NORMALIZE_GRADIENT_H
#define EQ_NORMALIZE_GRADIENT_H

#include "eq_normalize_float.h"

void eq_normalize_gradient_f16_scalar(const eq_normalize_f16_t *p, const eq_f16_t *dy, const eq_f16_t *restrict x,
                                      eq_f16_t *dx, eq_range_t range);
void eq_normalize_gradient_f32_scalar(const eq_normalize_f32_t *p, const float *dy, const float *restrict x, float *dx,
                                      eq_range_t range);

#endif
