/* log_softmax, int8: over the last axis, integers only.
 *
 *   total = exp_table[max - x[0]] + .. + exp_table[max - x[depth-1]]                          (fractions of 2^table_bits)
 *   log2 = logarithm of total / 2^table_bits to the base 2, 16 fraction bits, found bit by bit by squaring
 *   output[i] = clamp((slope * (x[i] - max) - floor(log2 * factor / 2^12) + bias) >> 20)
 *
 * The generator makes exp_table from the input scale, so that total fits uint32, slope = 2^20 * scale / output_scale,
 * factor = 2^16 * ln(2) / output_scale; bias holds the zero point and the rounding term. Layout: [rows][depth]. Work unit
 * of `range`: rows. The output may be the input (in place). No scratch. */
#ifndef EQ_LOG_SOFTMAX_H
#define EQ_LOG_SOFTMAX_H

#include "eq_types.h"

typedef struct {
  int32_t depth;
  int32_t table_bits;
  int32_t slope, factor, bias;
  const uint32_t *exp_table; /* 256 entries, indexed by max - x */
} eq_log_softmax_s8_t;

void eq_log_softmax_s8_scalar(const eq_log_softmax_s8_t *p, const int8_t *input, int8_t *output, eq_range_t range);

/* TensorFlow Lite's reference log_softmax; output scale 1/16, zero point 127. With d = max - x[i]:
 *
 *   log = natural logarithm in Q5 of the sum of exp_table[d] in Q12                            (eq_fixed_point.h: "Qk")
 *   output[i] = clamp(RDBPOT(scaled_table[d] - log, 22) + 127) where -d > the larger one of diff_min - 1 and
 *               scale(log - 2^31), EQ_REQUANT_TFLITE by reverse_multiplier and reverse_shift; -128 elsewhere
 *
 * depth < 2^12; layout, units and overlap as above. */
typedef struct {
  int32_t depth;
  int32_t diff_min;
  int32_t reverse_multiplier, reverse_shift;
  const int32_t *exp_table;    /* exp(-d * scale) in Q12, 0 below diff_min; 256 entries */
  const int32_t *scaled_table; /* -d * scale in Q5; 256 entries */
} eq_log_softmax_tflite_s8_t;

void eq_log_softmax_s8_tflite_scalar(const eq_log_softmax_tflite_s8_t *p, const int8_t *input, int8_t *output,
                                     eq_range_t range);

#endif
