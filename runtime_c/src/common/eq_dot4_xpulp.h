/* One vector times blocks of four rows of weights, Xpulp / CORE-V; eq_dot4_scalar.h says what the functions do. Weights:
 * [block][4 bytes of K][4 rows][4 bytes], as in eq_xpulp_block.h. */
#ifndef EQ_DOT4_H
#define EQ_DOT4_H

#include "eq_xpulp.h"

static EQ_INLINE int32_t eq_dot4_bytes(int32_t n) {
  return n % 4 == 0 ? 0 : (n + 3) / 4 * 4;
}

static EQ_INLINE const void *eq_dot4_vector(const int8_t *x, int32_t n, void *memory) {
  if (n % 4 == 0) {
    return x;
  }
  (void)eq_xpulp_fill(eq_xpulp_copy(memory, x, n), 0, eq_dot4_bytes(n) - n);
  return memory;
}

static EQ_INLINE void eq_dot4(const void *x, const void *weights, int32_t block, int32_t n, int32_t sums[4]) {
  const int32_t quads = (n + 3) / 4;
  const int8_t *v = x, *w = (const int8_t *)weights + 16 * block * quads;
  const int8_t *const end = v + 4 * quads;
  int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  while (v != end) {
    uint32_t bytes, w0, w1, w2, w3;
    EQ_XPULP_NEXT(bytes, v);
    EQ_XPULP_NEXT(w0, w);
    EQ_XPULP_NEXT(w1, w);
    EQ_XPULP_NEXT(w2, w);
    EQ_XPULP_NEXT(w3, w);
    s0 = eq_xcv_sdotsp_b(s0, bytes, w0);
    s1 = eq_xcv_sdotsp_b(s1, bytes, w1);
    s2 = eq_xcv_sdotsp_b(s2, bytes, w2);
    s3 = eq_xcv_sdotsp_b(s3, bytes, w3);
  }
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
}

#endif
