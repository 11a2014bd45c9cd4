/* cross_entropy, portable C, for the element that was included before. */
#include "eq_float_exp.h"
#include "eq_float_log.h"
#include "eq_loss.h"
#include "eq_step_control.h"

void KERNEL(cross_entropy, scalar)(const eq_loss_t *p, const ELEMENT *x, const int32_t *label, const float *progress,
                                   float *loss, ELEMENT *dx, eq_range_t range) {
  if (range.begin == range.end) {
    return;
  }
  if (*label < 0 || *label >= p->depth) {
    *loss = eq_float_of_bits(0x7fc00000u);
    for (int32_t i = 0; i < p->depth; i++) {
      STORE(dx + i, *loss);
    }
    return;
  }
  float largest = -EQ_FLOAT_INFINITY, sum = 0.0f;
  for (int32_t i = 0; i < p->depth; i++) {
    const float value = LOAD(x + i);
    largest = value > largest ? value : largest;
  }
  for (int32_t i = 0; i < p->depth; i++) {
    sum += eq_float_exp(LOAD(x + i) - largest);
  }
  *loss = eq_float_log(sum) - (LOAD(x + *label) - largest);
  for (int32_t i = 0; i < p->depth; i++) {
    const float share = eq_float_exp(LOAD(x + i) - largest) / sum;
    STORE(dx + i, (i == *label ? share - 1.0f : share) * progress[EQ_PROGRESS_SCALE]);
  }
}
