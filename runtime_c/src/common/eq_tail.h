/* The end of a run of bytes that is no whole word. */
#ifndef EQ_TAIL_H
#define EQ_TAIL_H

#include <stdint.h>

#include "eq_inline.h"

/* The 1 to 3 bytes left of a run, zero-filled. */
static EQ_INLINE uint32_t eq_load_tail(const int8_t *x, int32_t bytes) {
  uint32_t word = (uint8_t)x[0];
  if (bytes > 1) {
    word |= (uint32_t)(uint8_t)x[1] << 8;
  }
  if (bytes > 2) {
    word |= (uint32_t)(uint8_t)x[2] << 16;
  }
  return word;
}

#endif
