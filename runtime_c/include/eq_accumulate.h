/* accumulate: sum = gathered + x in float32, or x for the first sample since the last update (progress, eq_step_control.h).
 * Work unit of `range`: elements. sum may lie over gathered. No scratch. */
#ifndef EQ_ACCUMULATE_H
#define EQ_ACCUMULATE_H

#include "eq_types.h"

void eq_accumulate_scalar(const float *gathered, const float *x, const float *progress, float *sum, eq_range_t range);

#endif
