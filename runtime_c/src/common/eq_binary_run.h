/* The loops of binary operators: define RECORD (the parameters), ELEMENT (the type of operands, int8_t unless defined),
 * RESULT (that of outputs, ELEMENT unless defined) and the function element() of two operands, then include. `variant`
 * is a compile-time constant for element(). */
#include "eq_binary.h"
#include "eq_inline.h"

#ifndef ELEMENT
#define ELEMENT int8_t
#endif
#ifndef RESULT
#define RESULT ELEMENT
#endif

static EQ_INLINE void run(const RECORD *p, const ELEMENT *input1, const ELEMENT *input2, RESULT *output,
                          eq_range_t range, int32_t variant) {
  /* A copy, because a store to an int8 output might otherwise change *p in the compiler's eyes. */
  const RECORD q = *p;
  const int32_t last = EQ_BINARY_AXES - 1, split = q.shape.split;
  int32_t at[EQ_BINARY_AXES] = {0};
  int32_t rows = 1, inside = 1;
  for (int32_t axis = split; axis < last; axis++) {
    rows *= axis == split ? range.end - range.begin : q.shape.size[axis];
    inside *= q.shape.size[axis + 1];
  }
  const int32_t row = split == last ? range.end - range.begin : q.shape.size[last];
  const int32_t step1 = q.shape.stride1[last], step2 = q.shape.stride2[last];
  int32_t at1 = range.begin * q.shape.stride1[split], at2 = range.begin * q.shape.stride2[split];
  RESULT *y = output + range.begin * inside;
  for (; rows > 0; rows--) {
    const ELEMENT *x1 = input1 + at1, *x2 = input2 + at2;
    for (int32_t i = 0; i < row; i++) {
      *y++ = (RESULT)element(&q, x1[i * step1], x2[i * step2], variant);
    }
    /* the next row: the last axis that has not reached its end moves on, those after it begin anew */
    for (int32_t axis = last - 1; axis >= split; axis--) {
      at1 += q.shape.stride1[axis];
      at2 += q.shape.stride2[axis];
      at[axis]++;
      if (axis == split || at[axis] < q.shape.size[axis]) {
        break;
      }
      at1 -= q.shape.stride1[axis] * q.shape.size[axis];
      at2 -= q.shape.stride2[axis] * q.shape.size[axis];
      at[axis] = 0;
    }
  }
}
