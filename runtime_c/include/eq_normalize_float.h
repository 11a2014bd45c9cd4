/* normalize in floating point, FP16 storage (f16) or float32 (f32), computed in float32. Sets as in eq_normalize.h: set s has
 * the elements s * set_stride + i * run_stride + j, 0 <= i < runs, 0 <= j < inner; element j of a run belongs to channel
 * c = s * gain_stride + j. With n elements a set:
 *
 *   d = x - sum(x) / n   or, not centred, x
 *   r = 1 / sqrt(sum(d * d) / n + epsilon)
 *   y = clamp(d * r * gain[c] + bias[c])
 *
 * Sums element by element. Work unit of `range`: sets. The output may be the input. No scratch. */
#ifndef EQ_NORMALIZE_FLOAT_H
#define EQ_NORMALIZE_FLOAT_H

#include "eq_float.h"
#include "eq_types.h"

typedef struct {
  int32_t set_stride, runs, run_stride, inner, gain_stride;
  int32_t centred; /* 1 or 0 */
  float epsilon;
  float act_min, act_max;
  const float *gain, *bias;
} eq_normalize_f32_t;

typedef eq_normalize_f32_t eq_normalize_f16_t;

void eq_normalize_f16_scalar(const eq_normalize_f16_t *p, const eq_f16_t *input, eq_f16_t *output, eq_range_t range);
void eq_normalize_f32_scalar(const eq_normalize_f32_t *p, const float *input, float *output, eq_range_t range);

#endif
