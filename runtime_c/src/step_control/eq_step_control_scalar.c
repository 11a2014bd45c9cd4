/* step_control, portable C. The header states the contract. */
#include "eq_step_control.h"

#include "eq_float_sqrt.h"

/* Loss scaling: one doubling after this many steps without an overflow, between these bounds. */
#define GROWTH 200.0f
#define LEAST_SCALE 1.0f
#define LARGEST_SCALE 65536.0f

void eq_step_control_scalar(const eq_step_control_t *p, const float *config, const float *progress,
                            const float *const *sums, float *after, float *control, eq_range_t range) {
  if (range.begin == range.end) {
    return;
  }
  float total = 0.0f;
  for (int32_t i = 0; i < p->gradients; i++) {
    for (int32_t part = 0; part < EQ_SQUARE_SUM_CHUNKS; part++) {
      total += sums[i][part];
    }
  }
  float scale = progress[EQ_PROGRESS_SCALE], steady = progress[EQ_PROGRESS_STEADY] + 1.0f;
  float samples = progress[EQ_PROGRESS_SAMPLES] + 1.0f, updates = progress[EQ_PROGRESS_UPDATES];
  float first = progress[EQ_PROGRESS_FIRST], second = progress[EQ_PROGRESS_SECOND];
  float factor = 1.0f / (scale * (float)p->samples);
  const float norm = eq_float_sqrt(total) * factor;
  const int32_t dynamic = p->dynamic != 0 && !(config[EQ_CONFIG_SCALE] > 0.0f);
  int32_t flags = 0;
  if (!(norm <= 3.40282347e38f)) { /* infinite, or no number */
    flags = EQ_STEP_SKIPPED;
    steady = 0.0f;
    samples = 0.0f;
    if (dynamic) {
      scale = scale * 0.5f > LEAST_SCALE ? scale * 0.5f : LEAST_SCALE;
    }
  } else {
    if (samples >= (float)p->samples) {
      flags = EQ_STEP_UPDATED;
      samples = 0.0f;
      updates += 1.0f;
      first = eq_fma(0.1f, 1.0f - first, first);
      second = eq_fma(0.001f, 1.0f - second, second);
      if (config[EQ_CONFIG_CLIP] > 0.0f && norm > config[EQ_CONFIG_CLIP]) {
        flags |= EQ_STEP_CLIPPED;
        factor *= config[EQ_CONFIG_CLIP] / norm;
      }
    }
    if (steady >= GROWTH) {
      steady = 0.0f;
      if (dynamic) {
        scale = scale * 2.0f < LARGEST_SCALE ? scale * 2.0f : LARGEST_SCALE;
      }
    }
  }
  after[EQ_PROGRESS_SCALE] = scale;
  after[EQ_PROGRESS_STEADY] = steady;
  after[EQ_PROGRESS_SAMPLES] = samples;
  after[EQ_PROGRESS_UPDATES] = updates;
  after[EQ_PROGRESS_FIRST] = first;
  after[EQ_PROGRESS_SECOND] = second;
  control[EQ_CONTROL_APPLIES] = (flags & EQ_STEP_UPDATED) != 0 ? 1.0f : 0.0f;
  control[EQ_CONTROL_FACTOR] = factor;
  control[EQ_CONTROL_RATE] = config[EQ_CONFIG_RATE];
  control[EQ_CONTROL_MOMENTUM] = config[EQ_CONFIG_MOMENTUM];
  control[EQ_CONTROL_DECAY] = config[EQ_CONFIG_DECAY];
  control[EQ_CONTROL_FIRST] = first;
  control[EQ_CONTROL_SECOND] = second;
  control[EQ_CONTROL_NORM] = norm;
  control[EQ_CONTROL_FLAGS] = (float)flags;
}
