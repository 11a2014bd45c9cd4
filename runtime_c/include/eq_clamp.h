/* clamp, int8: output[i] = clamp(input[i], act_min, act_max): an activation that could not be fused.
 *
 * Work unit of `range`: elements. The output may be the input (in place). No scratch. */
#ifndef EQ_CLAMP_H
#define EQ_CLAMP_H

#include "eq_types.h"

typedef struct {
  int32_t act_min;
  int32_t act_max;
} eq_clamp_s8_t;

void eq_clamp_s8_scalar(const eq_clamp_s8_t *p, const int8_t *input, int8_t *output, eq_range_t range);

#endif
