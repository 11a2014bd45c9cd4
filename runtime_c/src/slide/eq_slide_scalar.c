/* slide, portable C. The header states the contract. */
#include "eq_slide.h"

#include "eq_memory.h"

void eq_slide_scalar(const eq_slide_t *p, const void *window, const void *added, void *output, eq_range_t range) {
  const int8_t *const from = (const int8_t *)window + p->added;
  int8_t *const to = output;
  if (range.begin >= range.end) {
    return;
  }
  for (int32_t at = 0; at < p->kept; at += p->added) { /* pieces that don't overlap where the window lies */
    const int32_t left = p->kept - at;
    memcpy(to + at, from + at, (size_t)(left < p->added ? left : p->added));
  }
  memcpy(to + p->kept, added, (size_t)p->added);
}
