/* The loops of move for one element type: define ELEMENT and MOVE, then include. */
#include "eq_memory.h"
#include "eq_move.h"

void MOVE(const eq_move_t *p, const ELEMENT *restrict input, ELEMENT *restrict output, eq_range_t range) {
  const eq_move_t q = *p;
  int32_t first[EQ_MOVE_AXES] = {0};
  int32_t last[EQ_MOVE_AXES];
  int32_t inside = 1; /* elements of the output per index of the split axis */
  for (int32_t axis = 0; axis < EQ_MOVE_AXES; axis++) {
    last[axis] = q.size[axis];
    inside *= axis > q.split ? q.size[axis] : 1;
  }
  first[q.split] = range.begin;
  last[q.split] = range.end;
  ELEMENT *to = output + range.begin * inside;
  const int32_t row = last[5] - first[5];
  for (int32_t i0 = first[0]; i0 < last[0]; i0++) {
    for (int32_t i1 = first[1]; i1 < last[1]; i1++) {
      for (int32_t i2 = first[2]; i2 < last[2]; i2++) {
        for (int32_t i3 = first[3]; i3 < last[3]; i3++) {
          for (int32_t i4 = first[4]; i4 < last[4]; i4++) {
            const ELEMENT *from = input + (q.offset + i0 * q.stride[0] + i1 * q.stride[1] + i2 * q.stride[2] +
                                           i3 * q.stride[3] + i4 * q.stride[4] + first[5] * q.stride[5]);
            if (q.stride[5] == 1) {
              memcpy(to, from, (size_t)row * sizeof(ELEMENT));
            } else {
              for (int32_t i = 0; i < row; i++) {
                to[i] = from[i * q.stride[5]];
              }
            }
            to += row;
          }
        }
      }
    }
  }
}
