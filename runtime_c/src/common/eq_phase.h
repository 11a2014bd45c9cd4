/* The taps of input gradients: along an axis a phase has every k with (phase - k * dilation) divisible by the stride. */
#ifndef EQ_PHASE_H
#define EQ_PHASE_H

#include "eq_inline.h"

static EQ_INLINE int32_t eq_phase_has(int32_t phase, int32_t k, int32_t dilation, int32_t stride) {
  return (phase - k * dilation) % stride == 0;
}

static EQ_INLINE int32_t eq_phase_taps(int32_t phase, int32_t kernel, int32_t dilation, int32_t stride) {
  int32_t taps = 0;
  for (int32_t k = 0; k < kernel; k++) {
    taps += eq_phase_has(phase, k, dilation, stride);
  }
  return taps;
}

#endif
