/* embedding: rows of a table chosen by indices.
 *
 *   output[i][k] = table[min(max(indices[i], 0), rows - 1)][k],  k < width                        (output contiguous)
 *
 * Work unit of `range`: indices. Input and output must not overlap. No scratch. */
#ifndef EQ_EMBEDDING_H
#define EQ_EMBEDDING_H

#include "eq_types.h"

typedef struct {
  int32_t rows;
  int32_t width;
  const int8_t *table; /* [rows][width] */
} eq_embedding_s8_t;

void eq_embedding_s8_scalar(const eq_embedding_s8_t *p, const int32_t *restrict indices, int8_t *restrict output,
                            eq_range_t range);

#endif
