/* topk: the k largest or smallest elements of every row in order, and where they are; of equals the first one first.
 *
 *   values[r][j] = the (j + 1)-th of input[r][0 .. count - 1], indices[r][j] its place (0 .. 127)
 *
 * `indices` may be null. s8 and s16: the type of input and values. Work unit of `range`: rows. Input and outputs must not
 * overlap. No scratch. */
#ifndef EQ_TOPK_H
#define EQ_TOPK_H

#include "eq_types.h"

typedef struct {
  int32_t count;
  int32_t k;
} eq_topk_t;

#define EQ_TOPK_PROTOTYPE(name, element)                                                                          \
  void name(const eq_topk_t *p, const element *restrict input, element *restrict values, int8_t *restrict indices, \
            eq_range_t range)

EQ_TOPK_PROTOTYPE(eq_topk_s8_max_scalar, int8_t);
EQ_TOPK_PROTOTYPE(eq_topk_s8_min_scalar, int8_t);
EQ_TOPK_PROTOTYPE(eq_topk_s16_max_scalar, int16_t);
EQ_TOPK_PROTOTYPE(eq_topk_s16_min_scalar, int16_t);

#endif
