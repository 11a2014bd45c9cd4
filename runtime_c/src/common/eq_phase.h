/* Input gradients of layers with windows, phase by phase: the input pixels i of an axis with the same remainder of
 * i + pad by the stride have the same taps k, those with (remainder - k * dilation) divisible by it. Taken from the
 * last tap to the first they lie in dy in rising order, evenly spaced: a phase is a convolution of dy with stride
 * 1. */
#ifndef EQ_PHASE_H
#define EQ_PHASE_H

#include "eq_inline.h"
#include "eq_types.h"

/* A phase along an axis: `count` pixels from `first` on, each `stride` behind the other; `taps`, the last one
 * `last`, each `apart` before the next. For the first pixel the last tap lies over place `start` of dy, and each
 * before it `step` places further. */
typedef struct {
  int32_t first, count;
  int32_t taps, last, apart;
  int32_t start, step;
} eq_phase_t;

static EQ_INLINE eq_phase_t eq_phase_of(int32_t phase, int32_t kernel, int32_t dilation, int32_t stride, int32_t pad,
                                        int32_t size) {
  eq_phase_t found = {.first = (phase - pad) % stride, .step = 1};
  for (int32_t k = 0; k < kernel; k++) {
    if ((phase - k * dilation) % stride == 0) {
      found.apart = k - found.last;
      found.last = k;
      found.taps++;
    }
  }
  if (found.taps > 1) {
    found.step = found.apart * dilation / stride;
  }
  found.first += found.first < 0 ? stride : 0;
  found.count = found.first < size ? (size - found.first + stride - 1) / stride : 0;
  found.start = (found.first + pad - found.last * dilation) / stride;
  return found;
}

#endif
