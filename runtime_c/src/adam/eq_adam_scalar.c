/* adam, portable C. The header states the contract. */
#include "eq_float_sqrt.h"
#include "eq_step_control.h"
#include "eq_update.h"

void eq_adam_scalar(const eq_update_t *p, float *parameter, const float *restrict gradient, const float *restrict control,
                    float *restrict mean, float *restrict square, eq_range_t range) {
  if (!(control[EQ_CONTROL_APPLIES] > 0.0f)) {
    return;
  }
  const float factor = control[EQ_CONTROL_FACTOR], rate = control[EQ_CONTROL_RATE] / control[EQ_CONTROL_FIRST];
  const float second = control[EQ_CONTROL_SECOND];
  const float decay = p->decays != 0 ? control[EQ_CONTROL_DECAY] * control[EQ_CONTROL_RATE] : 0.0f;
  for (int32_t i = range.begin; i < range.end; i++) {
    const float g = gradient[i] * factor;
    const float m = eq_fma(0.1f, g - mean[i], mean[i]), v = eq_fma(0.001f, eq_fma(g, g, -square[i]), square[i]);
    mean[i] = m;
    square[i] = v;
    const float kept = parameter[i] - parameter[i] * decay;
    parameter[i] = kept - rate * m / (eq_float_sqrt(v / second) + 1e-8f);
  }
}
