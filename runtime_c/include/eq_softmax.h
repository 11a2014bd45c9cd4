/* softmax, int8: over the last axis, integers only; output scale 1/256, zero point -128.
 *
 *   e[i] = exp_table[max - input[i]], sum = e[0] + .. + e[depth-1]
 *   output[i] = min(127, (256 * e[i] + sum/2) / sum - 128)                             (unsigned division)
 *
 * The generator makes exp_table from the input scale and guarantees that exp_table[0] > 0 and that sum and
 * 256 * exp_table[0] + sum/2 fit in uint32. Layout: [rows][depth]. Work unit of `range`: rows. The output may be the
 * input (in place). No scratch. */
#ifndef EQ_SOFTMAX_H
#define EQ_SOFTMAX_H

#include "eq_types.h"

typedef struct {
  int32_t rows;
  int32_t depth;
  const uint32_t *exp_table; /* 256 entries, indexed by max - x */
} eq_softmax_s8_t;

void eq_softmax_s8_scalar(const eq_softmax_s8_t *p, const int8_t *input, int8_t *output, eq_range_t range);
void eq_softmax_s8_mve(const eq_softmax_s8_t *p, const int8_t *input, int8_t *output, eq_range_t range);

/* TensorFlow Lite's reference softmax: exp_table in Q0 (int32 fractions of 2^31; 0 beyond the kernel's radius, whose
 * outputs are -128), the sum of RDBPOT(e, 12) in Q12, its reciprocal by three Newton-Raphson steps (gemmlowp's
 * one_over_one_plus_x_for_x_in_0_1). depth < 2^12. Layout, units and overlap as above. */
typedef struct {
  int32_t rows;
  int32_t depth;
  const int32_t *exp_table; /* 256 entries, indexed by max - x */
} eq_softmax_tflite_s8_t;

void eq_softmax_s8_tflite_scalar(const eq_softmax_tflite_s8_t *p, const int8_t *input, int8_t *output,
                                 eq_range_t range);

#endif
