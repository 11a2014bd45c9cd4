/* One vector times groups of four channels with weights of less than 8 bits, portable C.
 *
 *   eq_narrow4_vector(x, n, memory)     the vector as eq_narrow4 wants it, which may be x itself
 *   eq_narrow4_sum(v, n)                the sum of its n elements
 *   eq_narrow4(v, weights, g, n, type, s)  s[i] = sum over k of v[k] * weight of channel 4*g + i, for odd types less the
 *                                       sum of the vector where the instruction set leaves that to be added
 *   EQ_NARROW4_WIDTH                    what n is rounded up to for weights of 4 bits
 *   EQ_NARROW4_INPUT_BYTES              bytes of an element of v */
#ifndef EQ_NARROW4_H
#define EQ_NARROW4_H

#include "eq_narrow_scalar.h"

enum { EQ_NARROW4_WIDTH = 1, EQ_NARROW4_INPUT_BYTES = 1 };

static EQ_INLINE const void *eq_narrow4_vector(const int8_t *x, int32_t n, void *memory) {
  (void)n;
  (void)memory;
  return x;
}

/* Weights of odd types are whole here: nothing to be added. */
static EQ_INLINE int32_t eq_narrow4_sum(const void *x, int32_t n) {
  (void)x;
  (void)n;
  return 0;
}

static EQ_INLINE void eq_narrow4(const void *x, const void *weights, int32_t group, int32_t n, eq_narrow_t type,
                                 int32_t sums[4]) {
  const uint8_t *const w = (const uint8_t *)weights + group * eq_narrow_group_bytes(type, n, 1);
  eq_sums_t s = {0, 0, 0, 0};
  eq_narrow_run(&s, &s, x, x, w, n, type, 0);
  sums[0] = s.c0;
  sums[1] = s.c1;
  sums[2] = s.c2;
  sums[3] = s.c3;
}

#endif
