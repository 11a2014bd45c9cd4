/* softmax, int16: over the last axis; outputs in 1/32768. TensorFlow Lite's reference arithmetic (SoftmaxInt16):
 *
 *   e[i] = exp_table at clamp(scale(input[i] - max) + 32767), scale() being EQ_REQUANT_TFLITE: -10 .. 0 on 65536 steps
 *   output[i] = clamp(e[i] * reciprocal_table at (sum - 1) rounded, 0, 32767), sum of all e normalized to [1, 2)
 *
 * Tables have 513 entries with straight lines between them (eq_interpolate.h). Layout: [rows][depth], depth < 2^15.
 * Work unit of `range`: rows. The output may be the input (in place). No scratch. */
#ifndef EQ_SOFTMAX_WIDE_H
#define EQ_SOFTMAX_WIDE_H

#include "eq_types.h"

typedef struct {
  int32_t depth;
  int32_t input_multiplier, input_shift;
  const int16_t *exp_table;        /* exp(x), -10 <= x <= 0, in 1/32768 */
  const int16_t *reciprocal_table; /* 1 / (1 + x), 0 <= x <= 1, in 1/32768 */
} eq_softmax_wide_t;

void eq_softmax_wide_scalar(const eq_softmax_wide_t *p, const int16_t *input, int16_t *output, eq_range_t range);

#endif
