/* select: one of two operands by a condition, element by element; each of the three may be repeated along any axis.
 *
 *   output[i] = condition[.. stride0 ..] >= threshold ? input1[.. stride1 ..] : input2[.. stride2 ..]
 *
 * Axes that the operator doesn't need have size 1 and come first; a stride of 0 repeats. Each operand may be a constant
 * in flash. The suffix gives the size of an element of input1, input2 and output: b1 (int8), b2 (int16); the condition
 * is int8. Work unit of `range`: indices of the axis `split`, where all axes before it have size 1. Output and operands
 * must not overlap. No scratch. */
#ifndef EQ_SELECT_H
#define EQ_SELECT_H

#include "eq_types.h"

#define EQ_SELECT_AXES 6

typedef struct {
  int32_t size[EQ_SELECT_AXES];
  int32_t stride0[EQ_SELECT_AXES];
  int32_t stride1[EQ_SELECT_AXES];
  int32_t stride2[EQ_SELECT_AXES];
  int32_t split;
  int32_t threshold;
} eq_select_t;

void eq_select_b1_scalar(const eq_select_t *p, const int8_t *condition, const int8_t *input1, const int8_t *input2,
                         int8_t *output, eq_range_t range);
void eq_select_b2_scalar(const eq_select_t *p, const int8_t *condition, const int16_t *input1, const int16_t *input2,
                         int16_t *output, eq_range_t range);

#endif
