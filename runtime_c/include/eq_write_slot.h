/* write_slot: a row of a cache of static slots is written where an index says; all other slots stay.
 *
 *   output[o][s] = s == limited(index) ? row[o] : cache[o][s],  `bytes` each, 0 <= o < pieces of the row
 *
 * The index is an int32_t, limited to 0 .. slots - 1. Work unit of `range`: pieces o. Where the output lies over the
 * cache only the row is moved. The row must not overlap the output. No scratch. */
#ifndef EQ_WRITE_SLOT_H
#define EQ_WRITE_SLOT_H

#include "eq_types.h"

typedef struct {
  int32_t slots;
  int32_t bytes; /* of a piece of the row */
} eq_write_slot_t;

void eq_write_slot_scalar(const eq_write_slot_t *p, const void *cache, const void *row, const void *index, void *output,
                          eq_range_t range);

#endif
