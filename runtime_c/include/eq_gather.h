/* gather: runs of elements chosen by constant indices, axis by axis.
 *
 *   output[i0][i1][i2][k] = input[offsets0[i0] + offsets1[i1] + offsets2[i2] + k],  k < run        (output contiguous)
 *
 * offsets0, offsets1, offsets2 lie one after another in `offsets` and count elements; they are >= 0. The suffix gives the
 * size of an element: b1 (int8), b2 (int16, FP16), b4 (float32). Axes that the operator doesn't need have size 1 and come first. Work unit of
 * `range`: indices of the axis `split`, where all axes before it have size 1. Input and output must not overlap. No
 * scratch. */
#ifndef EQ_GATHER_H
#define EQ_GATHER_H

#include "eq_types.h"

#define EQ_GATHER_AXES 3

typedef struct {
  int32_t size[EQ_GATHER_AXES];
  int32_t run;
  int32_t split;
  const int32_t *offsets; /* size[0] + size[1] + size[2] */
} eq_gather_t;

void eq_gather_b1_scalar(const eq_gather_t *p, const int8_t *restrict input, int8_t *restrict output,
                         eq_range_t range);
void eq_gather_b2_scalar(const eq_gather_t *p, const int16_t *restrict input, int16_t *restrict output,
                         eq_range_t range);
void eq_gather_b4_scalar(const eq_gather_t *p, const int32_t *restrict input, int32_t *restrict output,
                         eq_range_t range);

#endif
