/* rescale: int8 or int16 in, int8 or int16 out: two straight lines that meet at the zero point.
 *
 *   c = input - input_zero_point, |input - input_zero_point| where `fold` is set
 *   output = clamp(scale(c, positive) + output_zero_point)    c >= 0
 *            clamp(scale(c, negative) + output_zero_point)    c < 0
 *
 * scale() is EQ_REQUANT_TFLITE (eq_requant.h); the multiplier for c < 0 may be negative. Changes of type and scale, relu
 * and its kin, leaky_relu, abs. Work unit of `range`: elements. The output may be the input (in place) where both have
 * one type. No scratch. */
#ifndef EQ_RESCALE_H
#define EQ_RESCALE_H

#include "eq_types.h"

typedef struct {
  int32_t input_zero_point;
  int32_t fold;
  int32_t positive_multiplier, positive_shift;
  int32_t negative_multiplier, negative_shift;
  int32_t output_zero_point;
  int32_t act_min;
  int32_t act_max;
} eq_rescale_t;

void eq_rescale_s16_to_s16_scalar(const eq_rescale_t *p, const int16_t *input, int16_t *output, eq_range_t range);
void eq_rescale_s16_to_s8_scalar(const eq_rescale_t *p, const int16_t *input, int8_t *output, eq_range_t range);
void eq_rescale_s8_to_s16_scalar(const eq_rescale_t *p, const int8_t *input, int16_t *output, eq_range_t range);

#endif
