/* One vector times groups of four channels with weights of less than 8 bits, Armv7E-M DSP; eq_narrow4_scalar.h says what
 * the functions do. Weights: pairs of channels as in eq_narrow_dsp.h, two pairs a group. */
#ifndef EQ_NARROW4_H
#define EQ_NARROW4_H

#include "eq_dot4_dsp.h"
#include "eq_narrow_dsp.h"

enum { EQ_NARROW4_WIDTH = 4, EQ_NARROW4_INPUT_BYTES = 2 };

/* The vector in halfwords, and zeros to whole words of any type. */
static EQ_INLINE const void *eq_narrow4_vector(const int8_t *x, int32_t n, void *memory) {
  uint32_t *const halves = memory;
  (void)eq_dot4_vector(x, n, memory);
  for (int32_t quad = (n + 3) / 4; quad < eq_narrow_dsp_padded(n, EQ_BINARY); quad++) {
    halves[2 * quad] = halves[2 * quad + 1] = 0;
  }
  return memory;
}

/* Sums of weights come out whole. */
static EQ_INLINE int32_t eq_narrow4_sum(const void *x, int32_t n) {
  (void)x;
  (void)n;
  return 0;
}

/* Sums of one pair of channels over `words` words of weights, as eq_narrow_dsp_pair wants them. */
typedef struct {
  int32_t even, mixed, sum;
} eq_narrow4_sums_t;

static EQ_INLINE eq_narrow4_sums_t eq_narrow4_half(eq_narrow4_sums_t s, uint32_t x, uint32_t mixed, uint32_t mask) {
  s.mixed = eq_dsp_smlad(x, mixed, s.mixed);
  s.even = eq_dsp_smlad(x, mixed & mask, s.even);
  s.sum = eq_dsp_smlad(x, 0x00010001u, s.sum);
  return s;
}

static EQ_INLINE eq_narrow4_sums_t eq_narrow4_word(eq_narrow4_sums_t s, const uint32_t **x, uint32_t word,
                                                   eq_narrow_t type) {
  if (type == EQ_INT4) {
    s = eq_narrow4_half(s, eq_dsp_next(x), eq_dsp_sxtb16(word), 0x000f000fu);
    return eq_narrow4_half(s, eq_dsp_next(x), eq_dsp_sxtb16_ror8(word), 0x000f000fu);
  }
  if (type == EQ_POW2) {
    for (int32_t half = 0; half < 2; half++) {
      const uint32_t two = eq_dsp_next(x);
      s.even = eq_dsp_smlad(two, eq_narrow_dsp_powers[word & 0xffu], s.even);
      s.mixed = eq_dsp_smlad(two, eq_narrow_dsp_powers[word >> 8 & 0xffu], s.mixed);
      word >>= 16;
    }
    return s;
  }
  const int32_t step = type == EQ_BINARY ? 2 : 4;
  const uint32_t mixed = type == EQ_BINARY ? 0xc000c000u : 0xf000f000u;
  const uint32_t even = type == EQ_BINARY ? 0x40004000u : 0x30003000u;
  for (int32_t shift = 0; shift < 16; shift += step) {
    s = eq_narrow4_half(s, eq_dsp_next(x), (word << shift) & mixed, even);
  }
  return s;
}

static EQ_INLINE eq_narrow_pair_t eq_narrow4_pair(const uint32_t *x, const uint32_t *w, int32_t quads,
                                                  eq_narrow_t type) {
  eq_narrow_pair_t total = {0, 0};
  while (quads > 0) {
    const int32_t part = quads < EQ_NARROW_DRAIN_QUADS ? quads : EQ_NARROW_DRAIN_QUADS;
    eq_narrow4_sums_t s = {0, 0, 0};
    for (const uint32_t *const end = w + part / eq_narrow_dsp_quads(type); w != end; w++) {
      s = eq_narrow4_word(s, &x, *w, type);
    }
    const eq_narrow_pair_t pair = eq_narrow_dsp_pair(s.even, s.mixed, s.sum, type);
    total.even += pair.even;
    total.odd += pair.odd;
    quads -= part;
  }
  return total;
}

static EQ_INLINE void eq_narrow4(const void *x, const void *weights, int32_t group, int32_t n, eq_narrow_t type,
                                 int32_t sums[4]) {
  const int32_t quads = eq_narrow_dsp_padded(n, type), words = quads / eq_narrow_dsp_quads(type);
  const uint32_t *const w = (const uint32_t *)weights + 2 * group * words;
  const eq_narrow_pair_t first = eq_narrow4_pair(x, w, quads, type);
  const eq_narrow_pair_t second = eq_narrow4_pair(x, w + words, quads, type);
  sums[0] = first.even;
  sums[1] = first.odd;
  sums[2] = second.even;
  sums[3] = second.odd;
}

#endif
