/* accumulate, portable C. The header states the contract. */
#include "eq_accumulate.h"

#include "eq_step_control.h"

void eq_accumulate_scalar(const float *gathered, const float *x, const float *progress, float *sum, eq_range_t range) {
  if (progress[EQ_PROGRESS_SAMPLES] > 0.0f) {
    for (int32_t i = range.begin; i < range.end; i++) {
      sum[i] = gathered[i] + x[i];
    }
    return;
  }
  for (int32_t i = range.begin; i < range.end; i++) {
    sum[i] = x[i];
  }
}
