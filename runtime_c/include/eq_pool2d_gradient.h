/* The gradients of pools' inputs, channels last, FP16 storage (f16) or float32 (f32); in_*: dx, out_*: dy.
 *
 *   avg: a window gives each of its pixels inside the image dy / (their number). Work unit of `range`: rows of dx.
 *   max: a window gives dy to the first of its largest pixels of x. Work unit: channels.
 *
 * dx must not overlap the others. No scratch. */
#ifndef EQ_POOL2D_GRADIENT_H
#define EQ_POOL2D_GRADIENT_H

#include "eq_float.h"
#include "eq_types.h"
#include "eq_window_fields.h"

typedef struct {
  int32_t in_h, in_w, channels;
  int32_t out_h, out_w;
  EQ_WINDOW_FIELDS;
} eq_pool2d_gradient_t;

void eq_avg_pool2d_gradient_f16_scalar(const eq_pool2d_gradient_t *p, const eq_f16_t *restrict dy, eq_f16_t *restrict dx,
                                       eq_range_t range);
void eq_avg_pool2d_gradient_f32_scalar(const eq_pool2d_gradient_t *p, const float *restrict dy, float *restrict dx,
                                       eq_range_t range);
void eq_max_pool2d_gradient_f16_scalar(const eq_pool2d_gradient_t *p, const eq_f16_t *restrict x,
                                       const eq_f16_t *restrict dy, eq_f16_t *restrict dx, eq_range_t range);
void eq_max_pool2d_gradient_f32_scalar(const eq_pool2d_gradient_t *p, const float *restrict x, const float *restrict dy,
                                       float *restrict dx, eq_range_t range);

#endif
