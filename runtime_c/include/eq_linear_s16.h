/* linear with int16 activations, int8 weights, int64 bias and accumulators (eq_requant_wide.h).
 *
 *   acc[row][o] = bias[o] + sum over i of input[row][i] * weights[o][i]
 *
 * Input zero point 0. Work unit of `range`: output features. No scratch. Input and output must not overlap. */
#ifndef EQ_LINEAR_S16_H
#define EQ_LINEAR_S16_H

#include "eq_requant.h"
#include "eq_types.h"

typedef struct {
  int32_t rows, in_features, out_features;
  int32_t twice; /* which form of requantization (eq_requant_wide.h) */
  const int8_t *weights;
  const int64_t *bias;
  eq_requant_t requant;
} eq_linear_s16_t;

void eq_linear_s16_scalar(const eq_linear_s16_t *p, const int16_t *restrict input, int16_t *restrict output,
                          eq_range_t range);

#endif
