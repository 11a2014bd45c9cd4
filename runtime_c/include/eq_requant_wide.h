/* Requantization of 64-bit accumulators: int16 activations with int8 weights.
 *
 *   y = floor((acc * m + 2^(s-1)) / 2^s) + zero point, clamped to [act_min, act_max];  0 <= m < 2^15, 1 <= s <= 62
 *
 * or, `twice`, of what a 32-bit accumulator would hold, by EQ_REQUANT_TFLITE (eq_requant.h): with 32-bit biases.
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

/* `twice`: the second form. */
static inline int16_t eq_requantize_s16(int64_t acc, int32_t channel, const eq_requant_t *q, int32_t twice) {
  if (!twice) {
    return eq_requantize_wide(acc, channel, q);
  }
  const int32_t sum = (int32_t)(uint32_t)((uint64_t)acc & 0xFFFFFFFFu);
  const int32_t y = eq_scale_acc(sum, q->multiplier[channel], q->shift[channel], EQ_REQUANT_TFLITE);
  return (int16_t)eq_clamp(y + q->output_zero_point, q->act_min, q->act_max);
}

#endif
