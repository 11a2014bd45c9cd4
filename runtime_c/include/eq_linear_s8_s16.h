/* linear with int8 inputs and int16 outputs: what an SVDF layer's int16 state holds.
 *
 *   acc[row][o] = bias[o] + sum over i of input[row][i] * weights[o][i];  the output is acc scaled (EQ_REQUANT_TFLITE)
 *   plus its zero point, clamped to [act_min, act_max] within int16
 *
 * The input's zero point is folded into `bias`. Work unit of `range`: output features. No scratch. */
#ifndef EQ_LINEAR_S8_S16_H
#define EQ_LINEAR_S8_S16_H

#include "eq_requant.h"
#include "eq_types.h"

typedef struct {
  int32_t rows, in_features, out_features;
  const int8_t *weights;
  const int32_t *bias;
  eq_requant_t requant;
} eq_linear_s8_s16_t;

void eq_linear_s8_s16_tflite_scalar(const eq_linear_s8_s16_t *p, const int8_t *restrict input,
                                    int16_t *restrict output, eq_range_t range);

#endif
