/* Elements between two bounds that aren't negative, by their bits, which rise with them; for the element that was
 * included before. */
#ifndef EQ_FLOAT_BETWEEN_H
#define EQ_FLOAT_BETWEEN_H

#include "eq_inline.h"

/* Bits of the least element above `value`. */
static EQ_INLINE uint32_t eq_float_bits_above(float value) {
  ELEMENT near;
  STORE(&near, value);
  return BITS(near) + (LOAD(&near) <= value);
}

/* Bits of the least element that isn't below `value`. */
static EQ_INLINE uint32_t eq_float_bits_from(float value) {
  ELEMENT near;
  STORE(&near, value);
  return BITS(near) + (LOAD(&near) < value);
}

#endif
