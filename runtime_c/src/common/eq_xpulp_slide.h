/* Convolutions with three kernel columns and stride 1 along a row, Xpulp / CORE-V: eight neighbouring pixels times two
 * output channels, four input channels at a time.
 *
 * An input word (four channels of one pixel) serves the three outputs around it, so ten words and six of weights make
 * 48 dot products. Input: [step][10 pixels][4 bytes]. Weights: [pair of output channels][step][3 columns][2
 * channels][4 bytes]. A step is one kernel row and four input channels. */
#ifndef EQ_XPULP_SLIDE_H
#define EQ_XPULP_SLIDE_H

#include <stddef.h>

#include "eq_xpulp.h"

enum {
  EQ_SLIDE_PIXELS = 8,
  EQ_SLIDE_WORDS = 10, /* input pixels under eight outputs */
  EQ_SLIDE_PAIRS = 8   /* pairs of channels whose sums are in memory at a time */
};

/* The operands; the assembly in eq_xpulp_slide knows them. */
typedef struct {
  const int8_t *x;
  const int8_t *weights; /* advances */
  int32_t steps;
  int32_t pairs;
  const int32_t *bias;                                /* advances */
  int32_t sums[EQ_SLIDE_PAIRS * EQ_SLIDE_PIXELS * 2]; /* [pairs][pixels][2 channels] */
} eq_xpulp_slide_t;

#if defined(EQ_XCV_BACKEND_INSN)
_Static_assert(offsetof(eq_xpulp_slide_t, weights) == 4 && offsetof(eq_xpulp_slide_t, steps) == 8 &&
                   offsetof(eq_xpulp_slide_t, pairs) == 12 && offsetof(eq_xpulp_slide_t, bias) == 16 &&
                   offsetof(eq_xpulp_slide_t, sums) == 20,
               "the assembly in eq_xpulp_slide relies on these offsets");

/* cv.lw with post-increment, cv.sdotsp.b */
#define EQ_SLIDE_LOAD(d, p) ".insn i 0x0b, 2, " #d ", " #p ", 4\n\t"
#define EQ_SLIDE_DOT(x, w, w_next, sum, sum_next)    \
  ".insn r 0x7b, 1, 0x54, " #sum ", " #x ", " #w "\n\t" \
  ".insn r 0x7b, 1, 0x54, " #sum_next ", " #x ", " #w_next "\n\t"
/* Products of an input word with the left, middle and right kernel column, for two channels. */
#define EQ_SLIDE_LEFT(x, sum, sum_next) EQ_SLIDE_DOT(x, t0, t1, sum, sum_next)
#define EQ_SLIDE_MIDDLE(x, sum, sum_next) EQ_SLIDE_DOT(x, t2, t3, sum, sum_next)
#define EQ_SLIDE_RIGHT(x, sum, sum_next) EQ_SLIDE_DOT(x, t4, t5, sum, sum_next)
/* An input word that three outputs share; a.., b.., c.. are the sums of the pixels right of, at and left of it. */
#define EQ_SLIDE_WORD(x, a, a_next, b, b_next, c, c_next) \
  EQ_SLIDE_LEFT(x, a, a_next)                             \
  EQ_SLIDE_MIDDLE(x, b, b_next)                           \
  EQ_SLIDE_RIGHT(x, c, c_next)

/* One step, 64 instructions: input at a1, weights at a2. Sums in s0-s11 and a3-a6, weights in t0-t5, input words in t6
 * and a7 in turn. */
#define EQ_SLIDE_STEP                         \
  EQ_SLIDE_LOAD(t6, a1)                       \
  EQ_SLIDE_LOAD(t0, a2)                       \
  EQ_SLIDE_LOAD(t1, a2)                       \
  EQ_SLIDE_LOAD(t2, a2)                       \
  EQ_SLIDE_LOAD(t3, a2)                       \
  EQ_SLIDE_LOAD(t4, a2)                       \
  EQ_SLIDE_LOAD(t5, a2)                       \
  EQ_SLIDE_LOAD(a7, a1)                       \
  EQ_SLIDE_LEFT(t6, s0, s1)                   \
  EQ_SLIDE_LOAD(t6, a1)                       \
  EQ_SLIDE_LEFT(a7, s2, s3)                   \
  EQ_SLIDE_MIDDLE(a7, s0, s1)                 \
  EQ_SLIDE_LOAD(a7, a1)                       \
  EQ_SLIDE_WORD(t6, s4, s5, s2, s3, s0, s1)   \
  EQ_SLIDE_LOAD(t6, a1)                       \
  EQ_SLIDE_WORD(a7, s6, s7, s4, s5, s2, s3)   \
  EQ_SLIDE_LOAD(a7, a1)                       \
  EQ_SLIDE_WORD(t6, s8, s9, s6, s7, s4, s5)   \
  EQ_SLIDE_LOAD(t6, a1)                       \
  EQ_SLIDE_WORD(a7, s10, s11, s8, s9, s6, s7) \
  EQ_SLIDE_LOAD(a7, a1)                       \
  EQ_SLIDE_WORD(t6, a3, a4, s10, s11, s8, s9) \
  EQ_SLIDE_LOAD(t6, a1)                       \
  EQ_SLIDE_WORD(a7, a5, a6, a3, a4, s10, s11) \
  EQ_SLIDE_LOAD(a7, a1)                       \
  EQ_SLIDE_MIDDLE(t6, a5, a6)                 \
  EQ_SLIDE_RIGHT(t6, a3, a4)                  \
  EQ_SLIDE_RIGHT(a7, a5, a6)

/* The sums of c->pairs pairs of channels for eight pixels, from the biases on; c->weights and c->bias move on. Assembly
 * for the reasons given at eq_xpulp_sum. */
__attribute__((naked, noinline)) static void eq_xpulp_slide(eq_xpulp_slide_t *c __attribute__((unused))) {
  __asm__ volatile(
      "addi sp, sp, -64\n\t"
      "sw s0, 4(sp)\n\t"
      "sw s1, 8(sp)\n\t"
      "sw s2, 12(sp)\n\t"
      "sw s3, 16(sp)\n\t"
      "sw s4, 20(sp)\n\t"
      "sw s5, 24(sp)\n\t"
      "sw s6, 28(sp)\n\t"
      "sw s7, 32(sp)\n\t"
      "sw s8, 36(sp)\n\t"
      "sw s9, 40(sp)\n\t"
      "sw s10, 44(sp)\n\t"
      "sw s11, 48(sp)\n\t"
      "sw ra, 52(sp)\n\t"
      "lw ra, 16(a0)\n\t" /* biases */
      "lw a2, 4(a0)\n\t"
      "lw t0, 12(a0)\n\t"
      "addi t1, a0, 20\n"
      "1:\n\t"
      "sw t0, 56(sp)\n\t" /* pairs left */
      "sw t1, 60(sp)\n\t" /* sums */
      EQ_SLIDE_LOAD(s0, ra)
      EQ_SLIDE_LOAD(s1, ra)
      "lw t0, 8(a0)\n\t"
      "lw a1, 0(a0)\n\t"
      "mv s2, s0\n\t"
      "mv s3, s1\n\t"
      "mv s4, s0\n\t"
      "mv s5, s1\n\t"
      "mv s6, s0\n\t"
      "mv s7, s1\n\t"
      "mv s8, s0\n\t"
      "mv s9, s1\n\t"
      "mv s10, s0\n\t"
      "mv s11, s1\n\t"
      "mv a3, s0\n\t"
      "mv a4, s1\n\t"
      "mv a5, s0\n\t"
      "mv a6, s1\n\t"
      ".balign 4\n\t"
      ".insn i 0x2b, 4, x14, t0, 65\n\t" /* cv.setup 0, t0, 64 instructions */
      EQ_SLIDE_STEP
      "lw t1, 60(sp)\n\t"
      "lw t0, 56(sp)\n\t"
      "sw s0, 0(t1)\n\t"
      "sw s1, 4(t1)\n\t"
      "sw s2, 8(t1)\n\t"
      "sw s3, 12(t1)\n\t"
      "sw s4, 16(t1)\n\t"
      "sw s5, 20(t1)\n\t"
      "sw s6, 24(t1)\n\t"
      "sw s7, 28(t1)\n\t"
      "sw s8, 32(t1)\n\t"
      "sw s9, 36(t1)\n\t"
      "sw s10, 40(t1)\n\t"
      "sw s11, 44(t1)\n\t"
      "sw a3, 48(t1)\n\t"
      "sw a4, 52(t1)\n\t"
      "sw a5, 56(t1)\n\t"
      "sw a6, 60(t1)\n\t"
      "addi t0, t0, -1\n\t"
      "addi t1, t1, 64\n\t"
      "bnez t0, 1b\n\t"
      "sw ra, 16(a0)\n\t"
      "sw a2, 4(a0)\n\t"
      "lw s0, 4(sp)\n\t"
      "lw s1, 8(sp)\n\t"
      "lw s2, 12(sp)\n\t"
      "lw s3, 16(sp)\n\t"
      "lw s4, 20(sp)\n\t"
      "lw s5, 24(sp)\n\t"
      "lw s6, 28(sp)\n\t"
      "lw s7, 32(sp)\n\t"
      "lw s8, 36(sp)\n\t"
      "lw s9, 40(sp)\n\t"
      "lw s10, 44(sp)\n\t"
      "lw s11, 48(sp)\n\t"
      "lw ra, 52(sp)\n\t"
      "addi sp, sp, 64\n\t"
      "ret");
}
#else
__attribute__((noinline)) static void eq_xpulp_slide(eq_xpulp_slide_t *c) {
  int32_t *sums = c->sums;
  for (int32_t pair = 0; pair < c->pairs; pair++) {
    for (int32_t i = 0; i < 2 * EQ_SLIDE_PIXELS; i++) {
      sums[i] = c->bias[i & 1];
    }
    const int8_t *x = c->x;
    for (int32_t step = 0; step < c->steps; step++) {
      for (int32_t column = 0; column < 3; column++) {
        const uint32_t w0 = eq_xcv_load_w(c->weights, 4), w1 = eq_xcv_load_w(c->weights, 4);
        for (int32_t i = 0; i < EQ_SLIDE_PIXELS; i++) {
          const uint32_t v = eq_xpulp_load(x + 4 * (i + column));
          sums[2 * i] = eq_xcv_sdotsp_b(sums[2 * i], v, w0);
          sums[2 * i + 1] = eq_xcv_sdotsp_b(sums[2 * i + 1], v, w1);
        }
      }
      x += 4 * EQ_SLIDE_WORDS;
    }
    sums += 2 * EQ_SLIDE_PIXELS;
    c->bias += 2;
  }
}
#endif

#endif
