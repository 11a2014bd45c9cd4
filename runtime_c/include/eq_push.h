/* push: every row of a window loses its first element and gets a new last one.
 *
 *   output[r][i] = window[r][i + 1], i < length - 1;  output[r][length - 1] = column[r]
 *
 * The suffix gives the size of an element: b1 (int8), b2 (int16). Work unit of `range`: rows. The output may lie where
 * the window lies; the column must not overlap it. No scratch. */
#ifndef EQ_PUSH_H
#define EQ_PUSH_H

#include "eq_types.h"

typedef struct {
  int32_t length; /* elements of a row */
} eq_push_t;

void eq_push_b1_scalar(const eq_push_t *p, const int8_t *window, const int8_t *column, int8_t *output,
                       eq_range_t range);
void eq_push_b2_scalar(const eq_push_t *p, const int16_t *window, const int16_t *column, int16_t *output,
                       eq_range_t range);

#endif
