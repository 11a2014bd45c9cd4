/* Products with weights of less than 8 bits, portable C: one or two input vectors times four output channels. */
#ifndef EQ_NARROW_SCALAR_H
#define EQ_NARROW_SCALAR_H

#include "eq_narrow.h"
#include "eq_scalar_block.h"

/* Four weights of one input. */
typedef struct {
  int32_t c0, c1, c2, c3;
} eq_narrow4_t;

/* The weight in the field of `bits` bits that begins at bit `low`. */
static EQ_INLINE int32_t eq_narrow_weight(uint32_t byte, int32_t low, int32_t bits, int32_t odd) {
  const int32_t e = (int32_t)(byte << (32 - bits - low)) >> (32 - bits);
  return odd ? 2 * e + 1 : e;
}

/* The weight of a field of EQ_POW2, not 0. */
static EQ_INLINE int32_t eq_narrow_power(uint32_t field) {
  return (int32_t)((field & 8u) != 0 ? -1 : 1) * (int32_t)(1u << (field & 7u));
}

/* Weights of an input; `low` is 4 for the first input of a binary byte. */
static EQ_INLINE eq_narrow4_t eq_narrow_weights(const uint8_t *w, int32_t low, eq_narrow_t type) {
  const int32_t bits = eq_narrow_bits(type), odd = eq_narrow_is_odd(type);
  if (type == EQ_INT4) {
    return (eq_narrow4_t){eq_narrow_weight(w[0], 0, 4, 0), eq_narrow_weight(w[0], 4, 4, 0),
                          eq_narrow_weight(w[1], 0, 4, 0), eq_narrow_weight(w[1], 4, 4, 0)};
  }
  if (type == EQ_POW2) {
    return (eq_narrow4_t){eq_narrow_power(w[0]), eq_narrow_power((uint32_t)w[0] >> 4), eq_narrow_power(w[1]),
                          eq_narrow_power((uint32_t)w[1] >> 4)};
  }
  const uint32_t byte = w[0];
  return (eq_narrow4_t){eq_narrow_weight(byte, low, bits, odd), eq_narrow_weight(byte, low + bits, bits, odd),
                        eq_narrow_weight(byte, low + 2 * bits, bits, odd),
                        eq_narrow_weight(byte, low + 3 * bits, bits, odd)};
}

static EQ_INLINE void eq_narrow_step(eq_sums_t *s, int32_t x, eq_narrow4_t w) {
  s->c0 += x * w.c0;
  s->c1 += x * w.c1;
  s->c2 += x * w.c2;
  s->c3 += x * w.c3;
}

/* Adds the products of n inputs of `x`, and, if `two` (a compile-time constant), of `z` to t. */
static EQ_INLINE void eq_narrow_run(eq_sums_t *s, eq_sums_t *t, const int8_t *x, const int8_t *z, const uint8_t *w,
                                    int32_t n, eq_narrow_t type, int32_t two) {
  const int32_t bits = eq_narrow_bits(type);
  for (int32_t i = 0; i < n; i++) {
    const int32_t second = type == EQ_BINARY && (i & 1) != 0;
    const eq_narrow4_t weights = eq_narrow_weights(w, type == EQ_BINARY && !second ? 4 : 0, type);
    eq_narrow_step(s, x[i], weights);
    if (two) {
      eq_narrow_step(t, z[i], weights);
    }
    w += bits == 4 ? 2 : type == EQ_BINARY ? second : 1;
  }
}

#endif
