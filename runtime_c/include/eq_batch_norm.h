/* Batch norms in training: FP16 storage (f16) or float32 (f32), computed in float32. Statistics are the means of all channels
 * and behind them their variances, in float32. No scratch.
 *
 *   batch_statistics: those of a sample (n pixels): sum(x) / n and sum((x - mean)^2) / n; while the step only evaluates
 *                     (config, eq_step_control.h) the running ones. Work unit of `range`: channels.
 *   batch_norm:       y = clamp((x - mean[c]) * gain[c] / sqrt(variance[c] + epsilon) + bias[c]). Work unit: channels. y may
 *                     lie over x.
 *   running_average:  after = running + momentum * (statistics - running), variances times `unbiased` before; running alone
 *                     where the step is skipped (control). Work unit: channels. `after` may lie over `running`. */
#ifndef EQ_BATCH_NORM_H
#define EQ_BATCH_NORM_H

#include "eq_float.h"
#include "eq_types.h"

typedef struct {
  int32_t pixels, channels;
} eq_batch_statistics_t;

typedef struct {
  int32_t pixels, channels;
  float epsilon;
  float act_min, act_max;
  const float *gain, *bias;
  const float *statistics;
} eq_batch_norm_t;

typedef struct {
  int32_t channels;
  float momentum;
  float unbiased; /* n / (n - 1) */
} eq_running_average_t;

void eq_batch_statistics_f16_scalar(const eq_batch_statistics_t *p, const eq_f16_t *restrict input, const float *running,
                                    const float *config, float *restrict statistics, eq_range_t range);
void eq_batch_statistics_f32_scalar(const eq_batch_statistics_t *p, const float *restrict input, const float *running,
                                    const float *config, float *restrict statistics, eq_range_t range);
void eq_batch_norm_f16_scalar(const eq_batch_norm_t *p, const eq_f16_t *input, eq_f16_t *output, eq_range_t range);
void eq_batch_norm_f32_scalar(const eq_batch_norm_t *p, const float *input, float *output, eq_range_t range);
void eq_running_average_scalar(const eq_running_average_t *p, const float *running, const float *statistics,
                               const float *control, float *after, eq_range_t range);

#endif
