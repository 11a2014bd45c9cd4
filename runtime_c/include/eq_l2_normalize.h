/* l2_normalize, int8: rows divided by their Euclidean length, output scale 1/128, zero point 0.
 *
 *   acc = sum over the row of (input - input_zero_point)^2                                        depth < 2^15
 *   output = clamp(scale(input - input_zero_point)), scale() by 128 / sqrt(acc), EQ_REQUANT_TFLITE
 *
 * The inverse root is TensorFlow Lite's (GetInvSqrtQuantizedMultiplierExp). Layout: [rows][depth]. Work unit of `range`:
 * rows. The output may be the input (in place). No scratch. */
#ifndef EQ_L2_NORMALIZE_H
#define EQ_L2_NORMALIZE_H

#include "eq_types.h"

typedef struct {
  int32_t depth;
  int32_t input_zero_point;
} eq_l2_normalize_s8_t;

void eq_l2_normalize_s8_scalar(const eq_l2_normalize_s8_t *p, const int8_t *input, int8_t *output, eq_range_t range);

#endif
