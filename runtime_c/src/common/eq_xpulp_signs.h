/* Differing bits of the Xpulp kernels for signs (eq_binary_conv2d.h): eq_xpulp_block.h with words of 32 signs in place of
 * quads of bytes, and XOR, cv.cnt and an addition in place of a dot product. */
#ifndef EQ_XPULP_SIGNS_H
#define EQ_XPULP_SIGNS_H

#include "eq_xpulp_narrow.h"

/* A block whose pixels may lie at the border of the image. */
typedef struct {
  eq_xpulp_block_t block;
  const int32_t *outside[EQ_XPULP_PIXELS]; /* what a pixel's sums get back for taps outside, whole groups of channels */
  int32_t channel;                         /* first one of the groups to be summed */
  int32_t at_border;                       /* whether any pixel has taps outside */
} eq_xpulp_signs_t;

#if defined(EQ_XCV_BACKEND_INSN)
/* A word of four pixels times four channels; a0 is free. */
#define EQ_XPULP_SIGN_WORD \
  ".insn i 0x0b, 2, t4, a1, 4\n\t" \
  ".insn i 0x0b, 2, t0, t6, 4\n\t" \
  ".insn i 0x0b, 2, t1, t6, 4\n\t" \
  ".insn i 0x0b, 2, t2, t6, 4\n\t" \
  ".insn i 0x0b, 2, t3, t6, 4\n\t" \
  ".insn i 0x0b, 2, ra, a2, 4\n\t" \
  "xor a0, t4, t0\n\t" \
  ".insn r 0x2b, 3, 0x24, a0, a0, x0\n\t" \
  "add s0, s0, a0\n\t" \
  "xor a0, t4, t1\n\t" \
  ".insn r 0x2b, 3, 0x24, a0, a0, x0\n\t" \
  "add s1, s1, a0\n\t" \
  "xor a0, t4, t2\n\t" \
  ".insn r 0x2b, 3, 0x24, a0, a0, x0\n\t" \
  "add s2, s2, a0\n\t" \
  "xor a0, t4, t3\n\t" \
  ".insn r 0x2b, 3, 0x24, a0, a0, x0\n\t" \
  "add s3, s3, a0\n\t" \
  ".insn i 0x0b, 2, t4, a3, 4\n\t" \
  "xor a0, ra, t0\n\t" \
  ".insn r 0x2b, 3, 0x24, a0, a0, x0\n\t" \
  "add s4, s4, a0\n\t" \
  "xor a0, ra, t1\n\t" \
  ".insn r 0x2b, 3, 0x24, a0, a0, x0\n\t" \
  "add s5, s5, a0\n\t" \
  "xor a0, ra, t2\n\t" \
  ".insn r 0x2b, 3, 0x24, a0, a0, x0\n\t" \
  "add s6, s6, a0\n\t" \
  "xor a0, ra, t3\n\t" \
  ".insn r 0x2b, 3, 0x24, a0, a0, x0\n\t" \
  "add s7, s7, a0\n\t" \
  ".insn i 0x0b, 2, ra, t5, 4\n\t" \
  "xor a0, t4, t0\n\t" \
  ".insn r 0x2b, 3, 0x24, a0, a0, x0\n\t" \
  "add s8, s8, a0\n\t" \
  "xor a0, t4, t1\n\t" \
  ".insn r 0x2b, 3, 0x24, a0, a0, x0\n\t" \
  "add s9, s9, a0\n\t" \
  "xor a0, t4, t2\n\t" \
  ".insn r 0x2b, 3, 0x24, a0, a0, x0\n\t" \
  "add s10, s10, a0\n\t" \
  "xor a0, t4, t3\n\t" \
  ".insn r 0x2b, 3, 0x24, a0, a0, x0\n\t" \
  "add s11, s11, a0\n\t" \
  "xor a0, ra, t0\n\t" \
  ".insn r 0x2b, 3, 0x24, a0, a0, x0\n\t" \
  "add a4, a4, a0\n\t" \
  "xor a0, ra, t1\n\t" \
  ".insn r 0x2b, 3, 0x24, a0, a0, x0\n\t" \
  "add a5, a5, a0\n\t" \
  "xor a0, ra, t2\n\t" \
  ".insn r 0x2b, 3, 0x24, a0, a0, x0\n\t" \
  "add a6, a6, a0\n\t" \
  "xor a0, ra, t3\n\t" \
  ".insn r 0x2b, 3, 0x24, a0, a0, x0\n\t" \
  "add a7, a7, a0\n\t"

/* bias - 2 * bits for the group whose biases are at 28(a0). */
#define EQ_XPULP_SIGN_SUMS \
  "lw t0, 28(a0)\n\t" \
  "lw t1, 0(t0)\n\t" \
  "lw t2, 4(t0)\n\t" \
  "lw t3, 8(t0)\n\t" \
  "lw t4, 12(t0)\n\t" \
  "addi t0, t0, 16\n\t" \
  "sw t0, 28(a0)\n\t" \
  "slli s0, s0, 1\n\t" \
  "sub s0, t1, s0\n\t" \
  "slli s1, s1, 1\n\t" \
  "sub s1, t2, s1\n\t" \
  "slli s2, s2, 1\n\t" \
  "sub s2, t3, s2\n\t" \
  "slli s3, s3, 1\n\t" \
  "sub s3, t4, s3\n\t" \
  "slli s4, s4, 1\n\t" \
  "sub s4, t1, s4\n\t" \
  "slli s5, s5, 1\n\t" \
  "sub s5, t2, s5\n\t" \
  "slli s6, s6, 1\n\t" \
  "sub s6, t3, s6\n\t" \
  "slli s7, s7, 1\n\t" \
  "sub s7, t4, s7\n\t" \
  "slli s8, s8, 1\n\t" \
  "sub s8, t1, s8\n\t" \
  "slli s9, s9, 1\n\t" \
  "sub s9, t2, s9\n\t" \
  "slli s10, s10, 1\n\t" \
  "sub s10, t3, s10\n\t" \
  "slli s11, s11, 1\n\t" \
  "sub s11, t4, s11\n\t" \
  "slli a4, a4, 1\n\t" \
  "sub a4, t1, a4\n\t" \
  "slli a5, a5, 1\n\t" \
  "sub a5, t2, a5\n\t" \
  "slli a6, a6, 1\n\t" \
  "sub a6, t3, a6\n\t" \
  "slli a7, a7, 1\n\t" \
  "sub a7, t4, a7\n\t"

/* bias - 2 * differing bits for c->groups groups and four pixels, as eq_xpulp_sum does it. */
EQ_XPULP_SUM_OF_FIELDS(eq_xpulp_count_bits, EQ_XPULP_SIGN_WORD, 56, 0, 0, EQ_XPULP_SIGN_SUMS)
#else
static EQ_INLINE int32_t eq_xpulp_word_bits(uint32_t x, uint32_t w) { return (int32_t)eq_xcv_cnt(x ^ w); }

__attribute__((noinline, unused)) static void eq_xpulp_count_bits(eq_xpulp_block_t *c) {
  const int8_t *weights = c->weights;
  int32_t *sums = c->sums;
  for (int32_t group = 0; group < c->groups; group++) {
    const int8_t *x[EQ_XPULP_PIXELS] = {c->x0, c->x1, c->x2, c->x3};
    int32_t bits[EQ_XPULP_PIXELS * EQ_XPULP_LANES] = {0};
    for (int32_t word = 0; word < c->quads; word++) {
      const uint32_t w0 = eq_xcv_load_w(weights, 4), w1 = eq_xcv_load_w(weights, 4);
      const uint32_t w2 = eq_xcv_load_w(weights, 4), w3 = eq_xcv_load_w(weights, 4);
      for (int32_t i = 0; i < EQ_XPULP_PIXELS; i++) {
        const uint32_t v = eq_xcv_load_w(x[i], 4);
        bits[4 * i] += eq_xpulp_word_bits(v, w0);
        bits[4 * i + 1] += eq_xpulp_word_bits(v, w1);
        bits[4 * i + 2] += eq_xpulp_word_bits(v, w2);
        bits[4 * i + 3] += eq_xpulp_word_bits(v, w3);
      }
    }
    for (int32_t i = 0; i < EQ_XPULP_PIXELS * EQ_XPULP_LANES; i++) {
      *sums++ = c->bias[i % EQ_XPULP_LANES] - 2 * bits[i];
    }
    c->bias += EQ_XPULP_LANES;
  }
  c->weights = weights;
}
#endif

/* The same, with what taps outside the image give back; `c` is the block of an eq_xpulp_signs_t. */
__attribute__((noinline, unused)) static void eq_xpulp_sum_signs(eq_xpulp_block_t *c) {
  eq_xpulp_signs_t *const s = (eq_xpulp_signs_t *)(void *)c;
  eq_xpulp_count_bits(c);
  if (s->at_border) {
    int32_t *sums = c->sums;
    for (int32_t group = 0; group < c->groups; group++) {
      for (int32_t i = 0; i < EQ_XPULP_PIXELS; i++) {
        const int32_t *const outside = s->outside[i] + s->channel + EQ_XPULP_LANES * group;
        sums[0] += outside[0];
        sums[1] += outside[1];
        sums[2] += outside[2];
        sums[3] += outside[3];
        sums += EQ_XPULP_LANES;
      }
    }
  }
  s->channel += EQ_XPULP_LANES * c->groups;
}

#endif
