/* Sums of signs on Xpulp (eq_binary_conv2d.h): two pixels times eight output channels, a word of 32 signs at a time. A
 * step is 10 post-increment loads and 16 times XOR, cv.cnt and an addition. */
#ifndef EQ_XPULP_SIGNS_H
#define EQ_XPULP_SIGNS_H

#include <stddef.h>

#include "eq_types.h"
#include "eq_xpulp.h"

enum { EQ_XPULP_SIGN_LANES = 8 };

/* Two pixels' operands, and how many such pairs there are, one behind the other in the input; the assembly below knows
 * all members and changes them. Weights: [group of 8 channels][word][8 channels]. */
typedef struct {
  const uint32_t *x0, *x1; /* the words of the pixels */
  const uint32_t *weights;
  int32_t words;
  const int32_t *base0, *base1; /* of the pixels' classes */
  const int32_t *step;
  uint8_t *y, *end;          /* bytes of the first pixel that are made */
  int32_t stride;            /* bytes from a pixel's to the next one's */
  uint32_t act_min, act_max; /* twice in a word */
  int32_t pairs;
  const int32_t *next_step;
} eq_xpulp_signs_t;

static EQ_INLINE uint32_t eq_xpulp_twice(int32_t value) { return ((uint32_t)value & 0xffffu) * 0x00010001u; }

#if defined(EQ_XCV_BACKEND_INSN)
_Static_assert(offsetof(eq_xpulp_signs_t, x1) == 4 && offsetof(eq_xpulp_signs_t, weights) == 8 &&
                   offsetof(eq_xpulp_signs_t, words) == 12 && offsetof(eq_xpulp_signs_t, base0) == 16 &&
                   offsetof(eq_xpulp_signs_t, base1) == 20 && offsetof(eq_xpulp_signs_t, step) == 24 &&
                   offsetof(eq_xpulp_signs_t, y) == 28 && offsetof(eq_xpulp_signs_t, end) == 32 &&
                   offsetof(eq_xpulp_signs_t, stride) == 36 && offsetof(eq_xpulp_signs_t, act_min) == 40 &&
                   offsetof(eq_xpulp_signs_t, act_max) == 44 && offsetof(eq_xpulp_signs_t, pairs) == 48 &&
                   offsetof(eq_xpulp_signs_t, next_step) == 52,
               "the assembly below relies on these offsets");

/* Registers: c in a0, the pixels' words at a1 and a2, weights at t6, base0 and base1 in t2 and t3, y in t5; sums of the
 * first pixel in s0 .. s7, of the second in s8 .. s11 and a4 .. a7. */
#define EQ_XPULP_SIGNS_ENTER \
  "addi sp, sp, -52\n\t" \
  "sw ra, 0(sp)\n\t" \
  "sw s0, 4(sp)\n\t" \
  "sw s1, 8(sp)\n\t" \
  "sw s2, 12(sp)\n\t" \
  "sw s3, 16(sp)\n\t" \
  "sw s4, 20(sp)\n\t" \
  "sw s5, 24(sp)\n\t" \
  "sw s6, 28(sp)\n\t" \
  "sw s7, 32(sp)\n\t" \
  "sw s8, 36(sp)\n\t" \
  "sw s9, 40(sp)\n\t" \
  "sw s10, 44(sp)\n\t" \
  "sw s11, 48(sp)\n" \
  "0:\n\t" /* a pair */ \
  "lw a1, 24(a0)\n\t" \
  "lw t6, 8(a0)\n\t" \
  "lw t2, 16(a0)\n\t" \
  "lw t3, 20(a0)\n\t" \
  "lw t5, 28(a0)\n\t" \
  "sw a1, 52(a0)\n" \
  "1:\n\t" /* a group */

#define EQ_XPULP_SIGNS_LEAVE \
  "lw t0, 48(a0)\n\t" \
  "addi t0, t0, -1\n\t" \
  "beqz t0, 3f\n\t" \
  "sw t0, 48(a0)\n\t" \
  "lw t0, 12(a0)\n\t" \
  "lw a1, 0(a0)\n\t" \
  "lw a2, 4(a0)\n\t" \
  "slli t0, t0, 3\n\t" \
  "add a1, a1, t0\n\t" \
  "add a2, a2, t0\n\t" \
  "sw a1, 0(a0)\n\t" \
  "sw a2, 4(a0)\n\t" \
  "lw t0, 36(a0)\n\t" \
  "lw a1, 28(a0)\n\t" \
  "lw a2, 32(a0)\n\t" \
  "slli t0, t0, 1\n\t" \
  "add a1, a1, t0\n\t" \
  "add a2, a2, t0\n\t" \
  "sw a1, 28(a0)\n\t" \
  "sw a2, 32(a0)\n\t" \
  "j 0b\n" \
  "3:\n\t" \
  "lw ra, 0(sp)\n\t" \
  "lw s0, 4(sp)\n\t" \
  "lw s1, 8(sp)\n\t" \
  "lw s2, 12(sp)\n\t" \
  "lw s3, 16(sp)\n\t" \
  "lw s4, 20(sp)\n\t" \
  "lw s5, 24(sp)\n\t" \
  "lw s6, 28(sp)\n\t" \
  "lw s7, 32(sp)\n\t" \
  "lw s8, 36(sp)\n\t" \
  "lw s9, 40(sp)\n\t" \
  "lw s10, 44(sp)\n\t" \
  "lw s11, 48(sp)\n\t" \
  "addi sp, sp, 52\n\t" \
  "ret"

#define EQ_XPULP_SIGNS_OPERANDS \
  "lw a1, 0(a0)\n\t" \
  "lw a2, 4(a0)\n\t" \
  "lw a3, 12(a0)\n\t"

/* Bits of both pixels that differ from the channel's word w, while the next one is loaded: to the sums p and q .. */
#define EQ_XPULP_SIGNS_ADD(w, load, p, q) \
  "xor a3, t4, " #w "\n\t" \
  load \
  ".insn r 0x2b, 3, 0x24, a3, a3, x0\n\t" \
  "add " #p ", " #p ", a3\n\t" \
  "xor a3, ra, " #w "\n\t" \
  ".insn r 0x2b, 3, 0x24, a3, a3, x0\n\t" \
  "add " #q ", " #q ", a3\n\t"

/* .. or these alone. */
#define EQ_XPULP_SIGNS_SET(w, load, p, q) \
  "xor " #p ", t4, " #w "\n\t" \
  load \
  ".insn r 0x2b, 3, 0x24, " #p ", " #p ", x0\n\t" \
  "xor " #q ", ra, " #w "\n\t" \
  ".insn r 0x2b, 3, 0x24, " #q ", " #q ", x0\n\t"

#define EQ_XPULP_SIGNS_NEXT(w) ".insn i 0x0b, 2, " #w ", t6, 4\n\t"

/* A word of two pixels times eight channels: 58 instructions with EQ_XPULP_SIGNS_ADD. */
#define EQ_XPULP_SIGNS_WORD(channel) \
  ".insn i 0x0b, 2, t4, a1, 4\n\t" \
  EQ_XPULP_SIGNS_NEXT(t0) \
  ".insn i 0x0b, 2, ra, a2, 4\n\t" \
  channel(t0, EQ_XPULP_SIGNS_NEXT(t1), s0, s8) \
  channel(t1, EQ_XPULP_SIGNS_NEXT(t0), s1, s9) \
  channel(t0, EQ_XPULP_SIGNS_NEXT(t1), s2, s10) \
  channel(t1, EQ_XPULP_SIGNS_NEXT(t0), s3, s11) \
  channel(t0, EQ_XPULP_SIGNS_NEXT(t1), s4, a4) \
  channel(t1, EQ_XPULP_SIGNS_NEXT(t0), s5, a5) \
  channel(t0, EQ_XPULP_SIGNS_NEXT(t1), s6, a6) \
  channel(t1, "", s7, a7)

/* cv.setup 0 round a word; a hardware loop counts instructions of 4 bytes. */
#define EQ_XPULP_SIGNS_WORDS \
  ".option push\n\t" \
  ".option norvc\n\t" \
  ".balign 4\n\t" \
  ".insn i 0x2b, 4, x14, a3, 59\n\t" \
  EQ_XPULP_SIGNS_WORD(EQ_XPULP_SIGNS_ADD) \
  ".option pop\n\t"

#define EQ_XPULP_SIGNS_LOAD(s, from) ".insn i 0x0b, 2, " #s ", " #from ", 4\n\t"

/* base - n * step of two channels of both pixels (cv.msu), and its upper halves (cv.pack.h) in p0 and q0. */
#define EQ_XPULP_SIGNS_SCALE(p0, p1, q0, q1) \
  EQ_XPULP_SIGNS_LOAD(t0, a1) \
  EQ_XPULP_SIGNS_LOAD(t1, a1) \
  EQ_XPULP_SIGNS_LOAD(t4, t2) \
  EQ_XPULP_SIGNS_LOAD(ra, t2) \
  EQ_XPULP_SIGNS_LOAD(a2, t3) \
  EQ_XPULP_SIGNS_LOAD(a3, t3) \
  ".insn r 0x2b, 3, 0x49, t4, " #p0 ", t0\n\t" \
  ".insn r 0x2b, 3, 0x49, ra, " #p1 ", t1\n\t" \
  ".insn r 0x2b, 3, 0x49, a2, " #q0 ", t0\n\t" \
  ".insn r 0x2b, 3, 0x49, a3, " #q1 ", t1\n\t" \
  ".insn r 0x7b, 0, 0x79, " #p0 ", ra, t4\n\t" \
  ".insn r 0x7b, 0, 0x79, " #q0 ", a3, a2\n\t"

/* cv.max.h, cv.min.h, and the four bytes to p (cv.shuffle2.b). */
#define EQ_XPULP_SIGNS_CLAMP(p, q) \
  ".insn r 0x7b, 0, 0x18, " #p ", " #p ", a2\n\t" \
  ".insn r 0x7b, 0, 0x18, " #q ", " #q ", a2\n\t" \
  ".insn r 0x7b, 0, 0x10, " #p ", " #p ", a3\n\t" \
  ".insn r 0x7b, 0, 0x10, " #q ", " #q ", a3\n\t" \
  ".insn r 0x7b, 1, 0x70, " #p ", " #q ", t0\n\t"

/* int8 outputs of the groups up to c->end. */
__attribute__((naked, noinline, unused)) static void eq_xpulp_sign_outputs(eq_xpulp_signs_t *c __attribute__((unused))) {
  __asm__ volatile(
      EQ_XPULP_SIGNS_ENTER
      EQ_XPULP_SIGNS_OPERANDS
      "addi a3, a3, -1\n\t"
      EQ_XPULP_SIGNS_WORD(EQ_XPULP_SIGNS_SET)
      "beqz a3, 2f\n\t"
      EQ_XPULP_SIGNS_WORDS
      "2:\n\t"
      "lw a1, 52(a0)\n\t"
      EQ_XPULP_SIGNS_SCALE(s0, s1, s8, s9)
      EQ_XPULP_SIGNS_SCALE(s2, s3, s10, s11)
      EQ_XPULP_SIGNS_SCALE(s4, s5, a4, a5)
      EQ_XPULP_SIGNS_SCALE(s6, s7, a6, a7)
      "lw a2, 40(a0)\n\t"
      "lw a3, 44(a0)\n\t"
      "lw t1, 36(a0)\n\t"
      "li t0, 0x06040200\n\t"
      "sw a1, 52(a0)\n\t"
      "lw ra, 32(a0)\n\t"
      "add t1, t1, t5\n\t"
      EQ_XPULP_SIGNS_CLAMP(s0, s2)
      EQ_XPULP_SIGNS_CLAMP(s4, s6)
      EQ_XPULP_SIGNS_CLAMP(s8, s10)
      EQ_XPULP_SIGNS_CLAMP(a4, a6)
      "sw s0, 0(t5)\n\t"
      "sw s4, 4(t5)\n\t"
      "sw s8, 0(t1)\n\t"
      "sw a4, 4(t1)\n\t"
      "addi t5, t5, 8\n\t"
      "bne t5, ra, 1b\n\t"
      EQ_XPULP_SIGNS_LEAVE);
}

/* Signs of two sums as -1 and 0 in a word's halves, times their bits: first to y (cv.dotsp.h), then added (cv.sdotsp.h). */
#define EQ_XPULP_SIGNS_BITS(dot, y, p0, p1, bits) \
  ".insn r 0x7b, 0, 0x79, t0, " #p1 ", " #p0 "\n\t" \
  ".insn r 0x7b, 0, " #dot ", " #y ", t0, " #bits "\n\t"

/* Bits of the groups up to c->end, a byte a group. */
__attribute__((naked, noinline, unused)) static void eq_xpulp_sign_bits(eq_xpulp_signs_t *c __attribute__((unused))) {
  __asm__ volatile(
      EQ_XPULP_SIGNS_ENTER
      EQ_XPULP_SIGNS_OPERANDS
      EQ_XPULP_SIGNS_LOAD(s0, t2)
      EQ_XPULP_SIGNS_LOAD(s1, t2)
      EQ_XPULP_SIGNS_LOAD(s2, t2)
      EQ_XPULP_SIGNS_LOAD(s3, t2)
      EQ_XPULP_SIGNS_LOAD(s4, t2)
      EQ_XPULP_SIGNS_LOAD(s5, t2)
      EQ_XPULP_SIGNS_LOAD(s6, t2)
      EQ_XPULP_SIGNS_LOAD(s7, t2)
      EQ_XPULP_SIGNS_LOAD(s8, t3)
      EQ_XPULP_SIGNS_LOAD(s9, t3)
      EQ_XPULP_SIGNS_LOAD(s10, t3)
      EQ_XPULP_SIGNS_LOAD(s11, t3)
      EQ_XPULP_SIGNS_LOAD(a4, t3)
      EQ_XPULP_SIGNS_LOAD(a5, t3)
      EQ_XPULP_SIGNS_LOAD(a6, t3)
      EQ_XPULP_SIGNS_LOAD(a7, t3)
      EQ_XPULP_SIGNS_WORDS
      "li a1, 0xfffeffff\n\t"  /* -2, -1 */
      "li a2, 0xfff8fffc\n\t"  /* -8, -4 */
      "li a3, 0xffe0fff0\n\t"  /* -32, -16 */
      "li t1, 0xff80ffc0\n\t"  /* -128, -64 */
      EQ_XPULP_SIGNS_BITS(0x48, t4, s0, s1, a1)
      EQ_XPULP_SIGNS_BITS(0x54, t4, s2, s3, a2)
      EQ_XPULP_SIGNS_BITS(0x54, t4, s4, s5, a3)
      EQ_XPULP_SIGNS_BITS(0x54, t4, s6, s7, t1)
      EQ_XPULP_SIGNS_BITS(0x48, ra, s8, s9, a1)
      EQ_XPULP_SIGNS_BITS(0x54, ra, s10, s11, a2)
      EQ_XPULP_SIGNS_BITS(0x54, ra, a4, a5, a3)
      EQ_XPULP_SIGNS_BITS(0x54, ra, a6, a7, t1)
      "lw a1, 36(a0)\n\t"
      "lw a2, 32(a0)\n\t"
      "add a1, a1, t5\n\t"
      "sb t4, 0(t5)\n\t"
      "sb ra, 0(a1)\n\t"
      "addi t5, t5, 1\n\t"
      "bne t5, a2, 1b\n\t"
      EQ_XPULP_SIGNS_LEAVE);
}
#else
/* Sums of differing bits of a group. */
static EQ_INLINE void eq_xpulp_sum_signs(const eq_xpulp_signs_t *c, const uint32_t *weights,
                                         int32_t sums[2][EQ_XPULP_SIGN_LANES]) {
  for (int32_t word = 0; word < c->words; word++) {
    for (int32_t j = 0; j < EQ_XPULP_SIGN_LANES; j++) {
      const uint32_t w = *weights++;
      sums[0][j] += (int32_t)eq_xcv_cnt(c->x0[word] ^ w);
      sums[1][j] += (int32_t)eq_xcv_cnt(c->x1[word] ^ w);
    }
  }
}

static EQ_INLINE void eq_xpulp_next_pair(eq_xpulp_signs_t *c) {
  c->x0 += 2 * c->words;
  c->x1 += 2 * c->words;
  c->y += 2 * c->stride;
  c->end += 2 * c->stride;
}

/* The upper half of base - n * step, in a word's lower half. */
static EQ_INLINE uint32_t eq_xpulp_scaled_signs(int32_t base, int32_t n, int32_t step) {
  return (uint32_t)eq_xcv_msu(base, n, step) >> 16;
}

static void eq_xpulp_sign_outputs(eq_xpulp_signs_t *c) {
  for (; c->pairs > 0; c->pairs--) {
    const int32_t *base[2] = {c->base0, c->base1}, *step = c->step;
    const uint32_t *weights = c->weights;
    for (uint8_t *y = c->y; y != c->end; y += EQ_XPULP_SIGN_LANES) {
      int32_t sums[2][EQ_XPULP_SIGN_LANES] = {{0}, {0}};
      eq_xpulp_sum_signs(c, weights, sums);
      for (int32_t i = 0; i < 2; i++) {
        for (int32_t j = 0; j < EQ_XPULP_SIGN_LANES; j += 2) {
          uint32_t pair = eq_xpulp_scaled_signs(base[i][j], sums[i][j], step[j]);
          pair |= eq_xpulp_scaled_signs(base[i][j + 1], sums[i][j + 1], step[j + 1]) << 16;
          pair = eq_xcv_min_h(eq_xcv_max_h(pair, c->act_min), c->act_max);
          y[i * c->stride + j] = (uint8_t)(pair & 0xffu);
          y[i * c->stride + j + 1] = (uint8_t)(pair >> 16 & 0xffu);
        }
        base[i] += EQ_XPULP_SIGN_LANES;
      }
      step += EQ_XPULP_SIGN_LANES;
      weights += EQ_XPULP_SIGN_LANES * c->words;
    }
    eq_xpulp_next_pair(c);
  }
}

static void eq_xpulp_sign_bits(eq_xpulp_signs_t *c) {
  for (; c->pairs > 0; c->pairs--) {
    const int32_t *base[2] = {c->base0, c->base1};
    const uint32_t *weights = c->weights;
    for (uint8_t *y = c->y; y != c->end; y++) {
      int32_t sums[2][EQ_XPULP_SIGN_LANES];
      for (int32_t j = 0; j < EQ_XPULP_SIGN_LANES; j++) {
        sums[0][j] = *base[0]++;
        sums[1][j] = *base[1]++;
      }
      eq_xpulp_sum_signs(c, weights, sums);
      for (int32_t i = 0; i < 2; i++) {
        uint32_t bits = 0;
        for (int32_t j = 0; j < EQ_XPULP_SIGN_LANES; j++) {
          bits |= (uint32_t)sums[i][j] >> 31 << j;
        }
        y[i * c->stride] = (uint8_t)bits;
      }
      weights += EQ_XPULP_SIGN_LANES * c->words;
    }
    eq_xpulp_next_pair(c);
  }
}
#endif

#endif
