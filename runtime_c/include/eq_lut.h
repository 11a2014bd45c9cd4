/* lut, int8: output[i] = table[input[i] + 128]: any function of one byte (sigmoid, tanh, hardswish, requantization).
 *
 * Work unit of `range`: elements. The output may be the input (in place). No scratch. */
#ifndef EQ_LUT_H
#define EQ_LUT_H

#include "eq_types.h"

typedef struct {
  const int8_t *table; /* 256 entries */
} eq_lut_s8_t;

void eq_lut_s8_scalar(const eq_lut_s8_t *p, const int8_t *input, int8_t *output, eq_range_t range);

#endif
