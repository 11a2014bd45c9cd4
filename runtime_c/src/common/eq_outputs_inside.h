/* Which output pixels have a tap inside the image. */
#ifndef EQ_OUTPUTS_INSIDE_H
#define EQ_OUTPUTS_INSIDE_H

#include "eq_inline.h"
#include "eq_types.h"

/* Along an axis the outputs o with 0 <= o * stride + offset < size: begin to end - 1, where there are any. */
static EQ_INLINE eq_range_t eq_outputs_inside(int32_t offset, int32_t stride, int32_t size, int32_t outputs) {
  eq_range_t range;
  range.begin = offset < 0 ? (stride - 1 - offset) / stride : 0;
  range.end = offset < size ? (size - 1 - offset) / stride + 1 : 0;
  range.end = range.end < outputs ? range.end : outputs;
  return range;
}

#endif
