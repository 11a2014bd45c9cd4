/* curve, int16: a function of one operand through a table with straight lines between its entries.
 *
 * sigmoid and tanh, TensorFlow Lite's: outputs in 1/32768. t = (input * multiplier + round) >> shift, round to nearest,
 * is the input in steps of which 2^9 (sigmoid) or 2^8 (tanh: of 2 sigmoid(2 x) - 1) lie between neighbours of `table`:
 * 65536 / (1 + exp(-i / 24)), 0 <= i < 256; beyond it the function stays at its end. It is point symmetric.
 *
 * table: y = t[i] + ((t[i + 1] - t[i]) * (input & 127) + 64) >> 7 with i = 256 + (input >> 7); 513 entries.
 *
 * Work unit of `range`: elements. The output may be the input (in place). No scratch. */
#ifndef EQ_CURVE_H
#define EQ_CURVE_H

#include "eq_types.h"

typedef struct {
  const uint16_t *table; /* 256 entries */
  int32_t multiplier;    /* 0 < multiplier < 2^15 */
  int32_t right_shift;   /* 0 .. 30 */
} eq_curve_sigmoid_s16_t;

typedef struct {
  const int16_t *table; /* 513 entries */
} eq_curve_table_s16_t;

void eq_curve_s16_sigmoid_scalar(const eq_curve_sigmoid_s16_t *p, const int16_t *input, int16_t *output,
                                 eq_range_t range);
void eq_curve_s16_tanh_scalar(const eq_curve_sigmoid_s16_t *p, const int16_t *input, int16_t *output,
                              eq_range_t range);
void eq_curve_s16_table_scalar(const eq_curve_table_s16_t *p, const int16_t *input, int16_t *output,
                               eq_range_t range);

#endif
