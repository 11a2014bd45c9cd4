/* Elements of 16 bits of four pixels, side by side in pairs: x[pair][4 pixels][2]. */
#ifndef EQ_SPREAD_PAIRS_H
#define EQ_SPREAD_PAIRS_H

#include <stddef.h>
#include <stdint.h>

#include "eq_inline.h"

/* Places for the elements of one pixel, from element `from` on: `count` of them, zeros where there is no source. */
static EQ_INLINE void eq_spread_pairs(uint16_t *x, int32_t from, const uint16_t *source, int32_t count) {
  if (((from | count) & 1) == 0 && ((uintptr_t)source & 3u) == 0u) { /* pairs stay pairs */
    uint32_t *to = (uint32_t *)(void *)(x + 4 * from);
    const uint32_t *pair = (const uint32_t *)(const void *)source;
    if (source == NULL) {
      for (; count > 0; count -= 2) {
        *to = 0u;
        to += 4;
      }
      return;
    }
    for (; count >= 8; count -= 8) {
      const uint32_t p0 = pair[0], p1 = pair[1], p2 = pair[2], p3 = pair[3];
      to[0] = p0;
      to[4] = p1;
      to[8] = p2;
      to[12] = p3;
      to += 16;
      pair += 4;
    }
    for (; count > 0; count -= 2) {
      *to = *pair++;
      to += 4;
    }
    return;
  }
  uint16_t *to = x + (from >> 1) * 8;
  if ((from & 1) != 0 && count > 0) { /* the second of a pair */
    to[1] = source != NULL ? *source++ : (uint16_t)0;
    to += 8;
    count--;
  }
  for (; count >= 2; count -= 2) {
    uint32_t pair = 0u;
    if (source != NULL) {
      pair = source[0] | (uint32_t)source[1] << 16;
      source += 2;
    }
    *(uint32_t *)(void *)to = pair;
    to += 8;
  }
  if (count > 0) {
    to[0] = source != NULL ? *source : (uint16_t)0;
  }
}

#endif
