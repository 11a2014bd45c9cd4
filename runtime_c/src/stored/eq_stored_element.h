/* The functions of stored for one element type: define ELEMENT and BITS, then include. */
#include "eq_stored.h"
#define RECORD eq_stored_t
#include "eq_inline.h"

enum { FLOOR_DIV, FLOOR_MOD, BITWISE_XOR, RIGHT_SHIFT };

static EQ_INLINE int32_t element(const RECORD *q, int32_t x1, int32_t x2, int32_t function) {
  (void)q;
  if (function == BITWISE_XOR) {
    return x1 ^ x2;
  }
  if (function == RIGHT_SHIFT) {
    return x1 >> eq_clamp(x2, 0, BITS - 1);
  }
  if (x2 == 0) {
    return 0;
  }
  /* C rounds to 0: where the signs differ and something is left, the floor is one below */
  const int32_t rest = x1 % x2;
  const int32_t below = rest != 0 && (rest ^ x2) < 0;
  return function == FLOOR_DIV ? x1 / x2 - below : rest + below * x2;
}

#include "eq_binary_run.h"
