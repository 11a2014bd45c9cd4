/* The loops of gather for one element type: define ELEMENT and GATHER, then include. */
#include "eq_gather.h"
#include "eq_memory.h"

void GATHER(const eq_gather_t *p, const ELEMENT *restrict input, ELEMENT *restrict output, eq_range_t range) {
  const int32_t *const offsets1 = p->offsets + p->size[0];
  const int32_t *const offsets2 = offsets1 + p->size[1];
  const int32_t run = p->run;
  int32_t first[EQ_GATHER_AXES] = {0};
  int32_t last[EQ_GATHER_AXES];
  int32_t inside = run; /* elements of the output per index of the split axis */
  for (int32_t axis = 0; axis < EQ_GATHER_AXES; axis++) {
    last[axis] = p->size[axis];
    inside *= axis > p->split ? p->size[axis] : 1;
  }
  first[p->split] = range.begin;
  last[p->split] = range.end;
  ELEMENT *to = output + range.begin * inside;
  for (int32_t i0 = first[0]; i0 < last[0]; i0++) {
    for (int32_t i1 = first[1]; i1 < last[1]; i1++) {
      const ELEMENT *const from = input + (p->offsets[i0] + offsets1[i1]);
      for (int32_t i2 = first[2]; i2 < last[2]; i2++) {
        if (run == 1) {
          *to = from[offsets2[i2]];
        } else {
          memcpy(to, from + offsets2[i2], (size_t)run * sizeof(ELEMENT));
        }
        to += run;
      }
    }
  }
}
