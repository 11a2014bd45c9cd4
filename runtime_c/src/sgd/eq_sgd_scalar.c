/* sgd, portable C. The header states the contract. */
#include "eq_step_control.h"
#include "eq_update.h"

void eq_sgd_scalar(const eq_update_t *p, float *parameter, const float *restrict gradient, const float *restrict control,
                   float *restrict velocity, eq_range_t range) {
  if (!(control[EQ_CONTROL_APPLIES] > 0.0f)) {
    return;
  }
  const float factor = control[EQ_CONTROL_FACTOR], rate = control[EQ_CONTROL_RATE];
  const float decay = p->decays != 0 ? control[EQ_CONTROL_DECAY] : 0.0f;
  for (int32_t i = range.begin; i < range.end; i++) {
    float step = eq_fma(gradient[i], factor, decay * parameter[i]);
    if (velocity != NULL) {
      step = eq_fma(control[EQ_CONTROL_MOMENTUM], velocity[i], step);
      velocity[i] = step;
    }
    parameter[i] = eq_fma(-rate, step, parameter[i]);
  }
}
