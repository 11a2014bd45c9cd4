/* One vector times groups of four channels with weights of less than 8 bits, Xpulp / CORE-V; eq_narrow4_scalar.h says
 * what the functions do. */
#ifndef EQ_NARROW4_H
#define EQ_NARROW4_H

#include "eq_xpulp_narrow.h"

enum { EQ_NARROW4_WIDTH = 4, EQ_NARROW4_INPUT_BYTES = 1 };

static EQ_INLINE const void *eq_narrow4_vector(const int8_t *x, int32_t n, void *memory) {
  if (n % 8 == 0) {
    return x;
  }
  (void)eq_xpulp_fill(eq_xpulp_copy(memory, x, n), 0, (n + 7) / 8 * 8 - n);
  return memory;
}

static EQ_INLINE int32_t eq_narrow4_sum(const void *x, int32_t n) { return eq_xpulp_byte_sum(x, (n + 3) / 4); }

static EQ_INLINE void eq_narrow4(const void *x, const void *weights, int32_t group, int32_t n, eq_narrow_t type,
                                 int32_t sums[4]) {
  const uint8_t *w = (const uint8_t *)weights + group * eq_narrow_group_bytes(type, n, 4);
  const int32_t shift = eq_xpulp_field_shift(type);
  const int8_t *v = x;
  const int8_t *const end = v + (type == EQ_BINARY ? (n + 7) / 8 * 8 : (n + 3) / 4 * 4);
  eq_xpulp_sums_t s = {0, 0, 0, 0};
  while (v != end) {
    const eq_xpulp_fields_t f = eq_xpulp_fields(&w, type, 0);
    s = eq_xpulp_dot(s, eq_xcv_load_w(v, 4), f.c0, f.c1, f.c2, f.c3);
    if (type == EQ_BINARY) {
      const eq_xpulp_fields_t g = eq_xpulp_fields(&w, type, 1);
      s = eq_xpulp_dot(s, eq_xcv_load_w(v, 4), g.c0, g.c1, g.c2, g.c3);
    }
  }
  sums[0] = s.c0 >> shift;
  sums[1] = s.c1 >> shift;
  sums[2] = s.c2 >> shift;
  sums[3] = s.c3 >> shift;
}

#endif
