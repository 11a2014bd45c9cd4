/* One vector times blocks of four rows of weights, portable C: what recurrent layers do in every time step.
 *
 *   eq_dot4_bytes(n)             scratch for a vector of n bytes
 *   eq_dot4_vector(x, n, memory) the vector as eq_dot4 wants it, which may be x itself
 *   eq_dot4(v, weights, b, n, s) s[i] = sum over k of v[k] * row 4*b + i of the weights */
#ifndef EQ_DOT4_H
#define EQ_DOT4_H

#include "eq_scalar_block.h"

static EQ_INLINE int32_t eq_dot4_bytes(int32_t n) {
  (void)n;
  return 0;
}

static EQ_INLINE const void *eq_dot4_vector(const int8_t *x, int32_t n, void *memory) {
  (void)n;
  (void)memory;
  return x;
}

static EQ_INLINE void eq_dot4(const void *x, const void *weights, int32_t block, int32_t n, int32_t sums[4]) {
  const int8_t *const w = (const int8_t *)weights + 4 * block * n;
  eq_sums_t s = {0, 0, 0, 0};
  eq_run1(&s, x, (eq_weights_t){w, w + n, w + 2 * n, w + 3 * n}, n);
  sums[0] = s.c0;
  sums[1] = s.c1;
  sums[2] = s.c2;
  sums[3] = s.c3;
}

#endif
