/* One vector times blocks of four rows of weights, Armv7E-M DSP; eq_dot4_scalar.h says what the functions do. Weights as
 * in eq_dsp_panel.h, but two pairs of rows interleaved: [block][quad][2 pairs][2 words]. */
#ifndef EQ_DOT4_H
#define EQ_DOT4_H

#include "eq_dsp.h"

/* Sums are drained every so many quads, see eq_dsp_panel.h. */
enum { EQ_DOT4_DRAIN_QUADS = 128 };

static EQ_INLINE int32_t eq_dot4_bytes(int32_t n) {
  return (n + 3) / 4 * 8;
}

/* Widens the vector: per quad a word with bytes 0 and 2 and a word with bytes 1 and 3; the last quad is zero-filled. */
static EQ_INLINE const void *eq_dot4_vector(const int8_t *x, int32_t bytes, void *memory) {
  uint32_t *halves = memory;
  for (; bytes >= 4; bytes -= 4) {
    const uint32_t word = eq_dsp_load(x);
    x += 4;
    halves[0] = eq_dsp_sxtb16(word);
    halves[1] = eq_dsp_sxtb16_ror8(word);
    halves += 2;
  }
  if (bytes > 0) {
    const uint32_t word = eq_load_tail(x, bytes);
    halves[0] = eq_dsp_sxtb16(word);
    halves[1] = eq_dsp_sxtb16_ror8(word);
  }
  return memory;
}

/* Sums of a pair of channels: the even channel, and even + 256 * odd. */
typedef struct {
  int32_t even, mixed;
} eq_dot4_pair_t;

#define EQ_DOT4_PAIR(pair, a, b, weights)                       \
  do {                                                          \
    uint32_t raw_, next_;                                       \
    EQ_DSP_NEXT2(weights, raw_, next_);                         \
    const uint32_t low_ = eq_dsp_sxtb16(raw_);                  \
    (pair).mixed = eq_dsp_smlad(a, raw_, (pair).mixed);         \
    (pair).even = eq_dsp_smlad(a, low_, (pair).even);           \
    const uint32_t next_low_ = eq_dsp_sxtb16(next_);            \
    (pair).mixed = eq_dsp_smlad(b, next_, (pair).mixed);        \
    (pair).even = eq_dsp_smlad(b, next_low_, (pair).even);      \
  } while (0)

#define EQ_DOT4_QUAD(first, second, halves, weights)            \
  do {                                                          \
    uint32_t a_, b_;                                            \
    EQ_DSP_NEXT2(halves, a_, b_);                               \
    EQ_DOT4_PAIR(first, a_, b_, weights);                       \
    EQ_DOT4_PAIR(second, a_, b_, weights);                      \
  } while (0)

static EQ_INLINE void eq_dot4(const void *x, const void *rows, int32_t block, int32_t n, int32_t sums[4]) {
  int32_t quads = (n + 3) / 4;
  const uint32_t *halves = x, *weights = (const uint32_t *)rows + 4 * block * quads;
  eq_dot4_pair_t first = {0, 0}, second = {0, 0};
  sums[1] = 0;
  sums[3] = 0;
  while (quads > 0) {
    const int32_t count = quads < EQ_DOT4_DRAIN_QUADS ? quads : EQ_DOT4_DRAIN_QUADS;
    first.mixed = first.even;
    second.mixed = second.even;
    if ((count & 1) != 0) {
      EQ_DOT4_QUAD(first, second, halves, weights);
    }
    const uint32_t *const end = weights + (count & ~1) * 4;
    while (weights != end) {
      EQ_DOT4_QUAD(first, second, halves, weights);
      EQ_DOT4_QUAD(first, second, halves, weights);
    }
    sums[1] = eq_dsp_drain(sums[1], first.mixed, first.even);
    sums[3] = eq_dsp_drain(sums[3], second.mixed, second.even);
    quads -= count;
  }
  sums[0] = first.even;
  sums[2] = second.even;
}

#endif
