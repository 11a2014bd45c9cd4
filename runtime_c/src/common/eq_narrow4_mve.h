/* One vector times groups of four channels with weights of less than 8 bits, Armv8.1-M MVE; eq_narrow4_scalar.h says
 * what the functions do. */
#ifndef EQ_NARROW4_H
#define EQ_NARROW4_H

#include "eq_mve_narrow.h"

enum { EQ_NARROW4_WIDTH = 16, EQ_NARROW4_INPUT_BYTES = 1 };

static EQ_INLINE const void *eq_narrow4_vector(const int8_t *x, int32_t n, void *memory) {
  const int32_t whole = (n + 2 * EQ_MVE_BLOCK - 1) / (2 * EQ_MVE_BLOCK) * (2 * EQ_MVE_BLOCK);
  if (n == whole) {
    return x;
  }
  (void)eq_mve_fill(eq_mve_copy(memory, x, n), 0, whole - n);
  return memory;
}

static EQ_INLINE int32_t eq_narrow4_sum(const void *x, int32_t n) { return eq_mve_byte_sum(x, n); }

static EQ_INLINE void eq_narrow4(const void *x, const void *weights, int32_t group, int32_t n, eq_narrow_t type,
                                 int32_t sums[4]) {
  const uint8_t *const w = (const uint8_t *)weights + group * eq_narrow_group_bytes(type, n, EQ_MVE_BLOCK);
  const int32_t blocks = (n + EQ_MVE_BLOCK - 1) / EQ_MVE_BLOCK;
  const int32_t shift = type == EQ_POW2 ? 0 : 8 - eq_narrow_bits(type) - eq_narrow_is_odd(type);
  eq_mve_field_sums(x, w, type == EQ_BINARY ? (blocks + 1) / 2 : blocks, type, sums);
  for (int32_t i = 0; i < 4; i++) {
    sums[i] >>= shift;
  }
}

#endif
