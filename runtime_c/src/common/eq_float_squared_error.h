/* squared_error, portable C, for the element that was included before. */
#include "eq_loss.h"
#include "eq_step_control.h"

void KERNEL(squared_error, scalar)(const eq_loss_t *p, const ELEMENT *x, const float *target, const float *progress,
                                   float *loss, ELEMENT *dx, eq_range_t range) {
  if (range.begin == range.end) {
    return;
  }
  const float factor = 2.0f / (float)p->depth * progress[EQ_PROGRESS_SCALE];
  float sum = 0.0f;
  for (int32_t i = 0; i < p->depth; i++) {
    const float difference = LOAD(x + i) - target[i];
    sum = eq_fma(difference, difference, sum);
    STORE(dx + i, difference * factor);
  }
  *loss = sum / (float)p->depth;
}
