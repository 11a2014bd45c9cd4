/* One vector times blocks of four rows of weights, Armv8.1-M MVE; eq_dot4_scalar.h says what the functions do. Weights:
 * [block][16 bytes of K][4 rows][16 bytes], as in eq_mve_product.h. */
#ifndef EQ_DOT4_H
#define EQ_DOT4_H

#include "eq_mve.h"

static EQ_INLINE int32_t eq_dot4_bytes(int32_t n) {
  return n % EQ_MVE_BLOCK == 0 ? 0 : (n + EQ_MVE_BLOCK - 1) / EQ_MVE_BLOCK * EQ_MVE_BLOCK;
}

static EQ_INLINE const void *eq_dot4_vector(const int8_t *x, int32_t n, void *memory) {
  if (n % EQ_MVE_BLOCK == 0) {
    return x;
  }
  int8_t *y = memory;
  for (int32_t left = n; left > 0; left -= EQ_MVE_BLOCK) {
    vstrbq_s8(y, vldrbq_z_s8(x, vctp8q((uint32_t)left)));
    x += EQ_MVE_BLOCK;
    y += EQ_MVE_BLOCK;
  }
  return memory;
}

static EQ_INLINE void eq_dot4(const void *x, const void *weights, int32_t block, int32_t n, int32_t sums[4]) {
  const int32_t blocks = (n + EQ_MVE_BLOCK - 1) / EQ_MVE_BLOCK;
  const int8_t *v = x, *w = (const int8_t *)weights + EQ_MVE_LANES * EQ_MVE_BLOCK * block * blocks;
  int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  for (int32_t i = 0; i < blocks; i++) {
    const int8x16_t bytes = vldrbq_s8(v);
    s0 = vmladavaq_s8(s0, bytes, vldrbq_s8(w));
    s1 = vmladavaq_s8(s1, bytes, vldrbq_s8(w + 16));
    s2 = vmladavaq_s8(s2, bytes, vldrbq_s8(w + 32));
    s3 = vmladavaq_s8(s3, bytes, vldrbq_s8(w + 48));
    v += EQ_MVE_BLOCK;
    w += EQ_MVE_LANES * EQ_MVE_BLOCK;
  }
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
}

#endif
