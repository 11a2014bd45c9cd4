/* move: every element of the output is one of the input's, found by strides: transposes, slices, broadcasts.
 *
 *   output[i0][i1]..[i5] = input[offset + i0 * stride[0] + .. + i5 * stride[5]]            (output contiguous)
 *
 * Axes that the operator doesn't need have size 1 and come first. Strides count elements and may be 0 (repeat) or
 * negative (reverse). The suffix gives the size of an element: b1 (int8), b2 (int16, FP16), b4 (float32). Work unit of `range`: indices of
 * the axis `split`, where all axes before it have size 1. Input and output must not overlap. No scratch. */
#ifndef EQ_MOVE_H
#define EQ_MOVE_H

#include "eq_types.h"

#define EQ_MOVE_AXES 6

typedef struct {
  int32_t size[EQ_MOVE_AXES];
  int32_t stride[EQ_MOVE_AXES];
  int32_t offset;
  int32_t split;
} eq_move_t;

void eq_move_b1_scalar(const eq_move_t *p, const int8_t *restrict input, int8_t *restrict output, eq_range_t range);
void eq_move_b2_scalar(const eq_move_t *p, const int16_t *restrict input, int16_t *restrict output, eq_range_t range);
void eq_move_b4_scalar(const eq_move_t *p, const int32_t *restrict input, int32_t *restrict output, eq_range_t range);

#endif
