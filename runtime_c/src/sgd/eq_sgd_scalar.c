/* sgd, portable C. The header states the contract. */
#include "eq_inline.h"
#include "eq_step_control.h"
#include "eq_update.h"

/* parameter * kept - gradient * step, what p - rate * (g * factor + decay * p) comes to. */
static EQ_INLINE void plain(float *parameter, const float *gradient, float step, float kept, int32_t count) {
  for (; count >= 4; count -= 4) {
    const float p0 = parameter[0] * kept, p1 = parameter[1] * kept, p2 = parameter[2] * kept, p3 = parameter[3] * kept;
    parameter[0] = eq_fma(-step, gradient[0], p0);
    parameter[1] = eq_fma(-step, gradient[1], p1);
    parameter[2] = eq_fma(-step, gradient[2], p2);
    parameter[3] = eq_fma(-step, gradient[3], p3);
    parameter += 4;
    gradient += 4;
  }
  for (; count > 0; count--) {
    *parameter = eq_fma(-step, *gradient++, *parameter * kept);
    parameter++;
  }
}

void eq_sgd_scalar(const eq_update_t *p, float *parameter, const float *restrict gradient, const float *restrict control,
                   float *restrict velocity, eq_range_t range) {
  if (!(control[EQ_CONTROL_APPLIES] > 0.0f)) {
    return;
  }
  const float factor = control[EQ_CONTROL_FACTOR], rate = control[EQ_CONTROL_RATE];
  const float decay = p->decays != 0 ? control[EQ_CONTROL_DECAY] : 0.0f, momentum = control[EQ_CONTROL_MOMENTUM];
  if (velocity == NULL) {
    plain(parameter + range.begin, gradient + range.begin, rate * factor, 1.0f - rate * decay, range.end - range.begin);
    return;
  }
  for (int32_t i = range.begin; i < range.end; i++) {
    const float old = parameter[i];
    const float step = eq_fma(momentum, velocity[i], eq_fma(gradient[i], factor, decay * old));
    velocity[i] = step;
    parameter[i] = eq_fma(-rate, step, old);
  }
}
