/* add with int16 activations; zero points are 0.
 *
 *   output = clamp(scale(scale(input1 * 2^left, m1, s1) + scale(input2 * 2^left, m2, s2), sum_m, sum_s))
 *
 * with TensorFlow Lite's double rounding (EQ_REQUANT_TFLITE, eq_requant.h); left is 15, or 1 where the scales are powers
 * of two and operands are only shifted right. Work unit of `range`: elements. The output may be either input (in place).
 * No scratch. */
#ifndef EQ_ADD_S16_H
#define EQ_ADD_S16_H

#include "eq_types.h"

typedef struct {
  int32_t left;
  int32_t m1, s1;
  int32_t m2, s2;
  int32_t sum_m, sum_s;
  int32_t act_min, act_max;
} eq_add_s16_t;

void eq_add_s16_scalar(const eq_add_s16_t *p, const int16_t *input1, const int16_t *input2, int16_t *output,
                       eq_range_t range);
void eq_add_s16_mve(const eq_add_s16_t *p, const int16_t *input1, const int16_t *input2, int16_t *output,
                    eq_range_t range);

#endif
