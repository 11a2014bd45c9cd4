/* running_average, portable C. The header states the contract. */
#include "eq_batch_norm.h"

#include "eq_step_control.h"

void eq_running_average_scalar(const eq_running_average_t *p, const float *running, const float *statistics,
                               const float *control, float *after, eq_range_t range) {
  const int skipped = ((uint32_t)control[EQ_CONTROL_FLAGS] & (uint32_t)EQ_STEP_SKIPPED) != 0u;
  for (int32_t c = range.begin; c < range.end; c++) {
    const int32_t v = p->channels + c;
    const float mean = running[c], variance = running[v];
    after[c] = skipped ? mean : mean + p->momentum * (statistics[c] - mean);
    after[v] = skipped ? variance : variance + p->momentum * (statistics[v] * p->unbiased - variance);
  }
}
