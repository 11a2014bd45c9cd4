/* masked softmax, int8: eq_softmax_s8 over the visible columns of each row; hidden ones are -128, which stands for 0.
 *
 *   visible[2 * r] <= i < visible[2 * r + 1] with r = row % visible_rows;  none is empty
 *
 * exp_table as in eq_softmax.h, for rows as long as the longest visible run. Layout: [rows][depth]. Work unit of `range`:
 * rows. The output may be the input (in place). No scratch. */
#ifndef EQ_MASKED_SOFTMAX_H
#define EQ_MASKED_SOFTMAX_H

#include "eq_slot.h"
#include "eq_types.h"

typedef struct {
  int32_t rows;
  int32_t depth;
  int32_t visible_rows;
  const int16_t *visible;    /* first column and the one behind the last, visible_rows times */
  const uint32_t *exp_table; /* 256 entries, indexed by max - x */
} eq_masked_softmax_s8_t;

void eq_masked_softmax_s8_scalar(const eq_masked_softmax_s8_t *p, const int8_t *input, int8_t *output,
                                 eq_range_t range);
void eq_masked_softmax_s8_mve(const eq_masked_softmax_s8_t *p, const int8_t *input, int8_t *output, eq_range_t range);

#endif
