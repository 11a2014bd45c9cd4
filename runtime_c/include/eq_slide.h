/* slide: a window loses its first bytes and gets new ones at the end.
 *
 *   output[i] = window[i + added], i < kept;  output[kept + i] = new[i], i < added
 *
 * Work unit of `range`: the whole, 1. The output may lie where the window lies; the new bytes must not overlap it. No
 * scratch. */
#ifndef EQ_SLIDE_H
#define EQ_SLIDE_H

#include "eq_types.h"

typedef struct {
  int32_t kept;
  int32_t added;
} eq_slide_t;

void eq_slide_scalar(const eq_slide_t *p, const void *window, const void *added, void *output, eq_range_t range);

#endif
