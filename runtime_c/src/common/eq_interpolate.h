/* A function of int16 through a table of 513 entries, straight lines between them (TensorFlow Lite's LUTLookup). */
#ifndef EQ_INTERPOLATE_H
#define EQ_INTERPOLATE_H

#include "eq_inline.h"

#include <stdint.h>

static EQ_INLINE int32_t eq_interpolate(const int16_t *table, int32_t x) {
  /* cppcheck-suppress shiftNegativeLHS ; eq_types.h asserts that such shifts are arithmetic */
  const int16_t *const entry = table + 256 + (x >> 7);
  const int32_t slope = entry[1] - entry[0];
  return entry[0] + ((slope * (x & 127) + 64) >> 7);
}

#endif
