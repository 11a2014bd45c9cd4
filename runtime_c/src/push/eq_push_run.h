/* The loops of push for one element type: define ELEMENT and PUSH, then include. */
#include "eq_push.h"

void PUSH(const eq_push_t *p, const ELEMENT *window, const ELEMENT *column, ELEMENT *output, eq_range_t range) {
  const int32_t length = p->length;
  for (int32_t row = range.begin; row < range.end; row++) {
    const ELEMENT *const from = window + row * length;
    ELEMENT *const to = output + row * length;
    for (int32_t i = 0; i < length - 1; i++) { /* upwards: the output may lie over the window */
      to[i] = from[i + 1];
    }
    to[length - 1] = column[row];
  }
}
