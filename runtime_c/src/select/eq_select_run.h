/* The loops of select for one element type: define ELEMENT and SELECT, then include. */
#include "eq_select.h"

void SELECT(const eq_select_t *p, const int8_t *condition, const ELEMENT *input1, const ELEMENT *input2,
            ELEMENT *output, eq_range_t range) {
  const eq_select_t q = *p;
  int32_t first[EQ_SELECT_AXES] = {0};
  int32_t last[EQ_SELECT_AXES];
  int32_t inside = 1; /* elements of the output per index of the split axis */
  for (int32_t axis = 0; axis < EQ_SELECT_AXES; axis++) {
    last[axis] = q.size[axis];
    inside *= axis > q.split ? q.size[axis] : 1;
  }
  first[q.split] = range.begin;
  last[q.split] = range.end;
  int32_t at[EQ_SELECT_AXES];
  for (int32_t axis = 0; axis < EQ_SELECT_AXES; axis++) {
    at[axis] = first[axis];
  }
  ELEMENT *y = output + range.begin * inside;
  const ELEMENT *const end = output + range.end * inside;
  while (y < end) {
    int32_t at0 = 0, at1 = 0, at2 = 0;
    for (int32_t axis = 0; axis < EQ_SELECT_AXES; axis++) {
      at0 += at[axis] * q.stride0[axis];
      at1 += at[axis] * q.stride1[axis];
      at2 += at[axis] * q.stride2[axis];
    }
    for (int32_t i = first[5]; i < last[5]; i++) {
      *y++ = condition[at0] >= q.threshold ? input1[at1] : input2[at2];
      at0 += q.stride0[5];
      at1 += q.stride1[5];
      at2 += q.stride2[5];
    }
    /* the next row: the last axis before the rows' own that has not reached its end moves on, those after it begin anew */
    for (int32_t axis = EQ_SELECT_AXES - 2; axis >= 0; axis--) {
      at[axis]++;
      if (at[axis] < last[axis]) {
        break;
      }
      at[axis] = first[axis];
    }
  }
}
