/* step_control: what a training step does with its gradients; edgeq/ops/step_control.py has the rules.
 *
 * Work unit of `range`: the whole, by one core. `after` may lie over `progress`. No scratch. */
#ifndef EQ_STEP_CONTROL_H
#define EQ_STEP_CONTROL_H

#include "eq_float.h"
#include "eq_types.h"

/* Places in the configuration. */
enum {
  EQ_CONFIG_RATE,
  EQ_CONFIG_MOMENTUM,
  EQ_CONFIG_DECAY,
  EQ_CONFIG_CLIP,
  EQ_CONFIG_SCALE,
  EQ_CONFIG_EVALUATES, /* above 0: only the forward part runs, with running statistics */
  EQ_CONFIG_LENGTH
};
/* Places in the progress. */
enum {
  EQ_PROGRESS_SCALE,
  EQ_PROGRESS_STEADY,
  EQ_PROGRESS_SAMPLES,
  EQ_PROGRESS_UPDATES,
  EQ_PROGRESS_FIRST,
  EQ_PROGRESS_SECOND,
  EQ_PROGRESS_LENGTH
};
/* Places in the control. */
enum {
  EQ_CONTROL_APPLIES,
  EQ_CONTROL_FACTOR,
  EQ_CONTROL_RATE,
  EQ_CONTROL_MOMENTUM,
  EQ_CONTROL_DECAY,
  EQ_CONTROL_FIRST,
  EQ_CONTROL_SECOND,
  EQ_CONTROL_NORM,
  EQ_CONTROL_FLAGS,
  EQ_CONTROL_LENGTH
};
/* Bits of the flags. */
enum { EQ_STEP_UPDATED = 1, EQ_STEP_SKIPPED = 2, EQ_STEP_CLIPPED = 4 };
/* Parts that a gradient's squared sum has (eq_square_sum.h). */
enum { EQ_SQUARE_SUM_CHUNKS = 16 };

typedef struct {
  int32_t samples; /* an update */
  int32_t dynamic; /* the loss scale */
  int32_t gradients;
} eq_step_control_t;

void eq_step_control_scalar(const eq_step_control_t *p, const float *config, const float *progress,
                            const float *const *sums, float *after, float *control, eq_range_t range);

#endif
