/* Losses: of a network's output, in FP16 storage (f16) or float32 (f32), and its gradient times the loss scale
 * (progress[EQ_PROGRESS_SCALE], eq_step_control.h).
 *
 *   cross_entropy: loss = log(sum of exp(x)) - x[label], dx = (softmax(x) - (1 at the label, else 0)) * scale. A label that is
 *                  no index makes both no number.
 *   squared_error: loss = mean of (x - target)^2, dx = 2 (x - target) / depth * scale
 *
 * Computed in float32 by one core: work unit of `range` is the whole. dx may lie over x. No scratch. */
#ifndef EQ_LOSS_H
#define EQ_LOSS_H

#include "eq_float.h"
#include "eq_types.h"

typedef struct {
  int32_t depth;
} eq_loss_t;

void eq_cross_entropy_f16_scalar(const eq_loss_t *p, const eq_f16_t *x, const int32_t *label, const float *progress,
                                 float *loss, eq_f16_t *dx, eq_range_t range);
void eq_cross_entropy_f32_scalar(const eq_loss_t *p, const float *x, const int32_t *label, const float *progress,
                                 float *loss, float *dx, eq_range_t range);
void eq_squared_error_f16_scalar(const eq_loss_t *p, const eq_f16_t *x, const float *target, const float *progress,
                                 float *loss, eq_f16_t *dx, eq_range_t range);
void eq_squared_error_f32_scalar(const eq_loss_t *p, const float *x, const float *target, const float *progress,
                                 float *loss, float *dx, eq_range_t range);

#endif
