/* Requantization of 64-bit accumulators: int16 activations with int8 weights.
 *
 *   y = floor((acc * m + 2^(s-1)) / 2^s) + zero point, clamped to [act_min, act_max];  0 <= m < 2^15, 1 <= s <= 62
 *
 * As TensorFlow Lite's MultiplyByQuantizedMultiplier for int64: |acc| < 2^47, so that products are exact in 64 bits. */
#ifndef EQ_REQUANT_WIDE_H
#define EQ_REQUANT_WIDE_H

#include "eq_requant.h"

static inline int16_t eq_requantize_wide(int64_t acc, int32_t channel, const eq_requant_t *q) {
  const int32_t s = q->shift[channel];
  const int64_t scaled = (acc * (int64_t)q->multiplier[channel] + ((int64_t)1 << (s - 1))) >> s;
  const int64_t y = scaled + q->output_zero_point;
  const int64_t low = q->act_min, high = q->act_max;
  return (int16_t)(y < low ? low : (y > high ? high : y));
}

#endif
