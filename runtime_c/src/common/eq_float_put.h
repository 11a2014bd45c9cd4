/* Results of a pixel in four channels, limited and stored. Include an eq_element_*.h before. */
#ifndef EQ_FLOAT_PUT_H
#define EQ_FLOAT_PUT_H

#include "eq_inline.h"

/* The first `channels` (or 4, if that is more) of four neighbours. */
static EQ_INLINE void eq_float_put4(eq_float4_t sum, ELEMENT *y, int32_t channels, float low, float high) {
  STORE(y, eq_clampf(sum.v0, low, high));
  if (channels >= 4) {
    STORE(y + 1, eq_clampf(sum.v1, low, high));
    STORE(y + 2, eq_clampf(sum.v2, low, high));
    STORE(y + 3, eq_clampf(sum.v3, low, high));
    return;
  }
  if (channels > 1) {
    STORE(y + 1, eq_clampf(sum.v1, low, high));
  }
  if (channels > 2) {
    STORE(y + 2, eq_clampf(sum.v2, low, high));
  }
}

#endif
