/* Outputs of the Xpulp kernels for signs (eq_binary_conv2d.h): eq_xpulp_block.h with words of 32 signs in place of quads
 * of bytes, XOR, cv.cnt and an addition in place of a dot product, and outputs instead of sums. */
#ifndef EQ_XPULP_SIGNS_H
#define EQ_XPULP_SIGNS_H

#include "eq_xpulp_narrow.h"

/* Four pixels' operands; of `block`, bias and of_pixels are not used, and sums receives the outputs of c->groups groups,
 * [groups][pixels][4 bytes]. */
typedef struct {
  eq_xpulp_block_t block;
  int32_t result_shift;
  const int32_t *step;        /* advances */
  uint32_t act_mins, act_maxs; /* four times in a word */
  const int32_t *base[EQ_XPULP_PIXELS]; /* advance */
} eq_xpulp_signs_t;

#if defined(EQ_XCV_BACKEND_INSN)
_Static_assert(offsetof(eq_xpulp_signs_t, result_shift) == 560 && offsetof(eq_xpulp_signs_t, step) == 564 &&
                   offsetof(eq_xpulp_signs_t, act_mins) == 568 && offsetof(eq_xpulp_signs_t, act_maxs) == 572 &&
                   offsetof(eq_xpulp_signs_t, base) == 576,
               "the assembly below relies on these offsets");

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

/* Of each pixel: base - bits * step (cv.msu), shifted, clipped to int8 (cv.clip) and packed (cv.packlo.b, cv.packhi.b), and
 * the activation range (cv.max.b, cv.min.b). */
#define EQ_XPULP_SIGN_OUTPUTS \
  "lw t0, 564(a0)\n\t" \
  "lw t1, 0(t0)\n\t" \
  "lw t2, 4(t0)\n\t" \
  "lw t3, 8(t0)\n\t" \
  "lw t4, 12(t0)\n\t" \
  "addi t0, t0, 16\n\t" \
  "sw t0, 564(a0)\n\t" \
  "lw t0, 560(a0)\n\t" \
  "lw a1, 576(a0)\n\t" \
  "lw a2, 0(a1)\n\t" \
  "lw a3, 4(a1)\n\t" \
  "lw t5, 8(a1)\n\t" \
  "lw ra, 12(a1)\n\t" \
  "addi a1, a1, 16\n\t" \
  "sw a1, 576(a0)\n\t" \
  ".insn r 0x2b, 3, 0x49, a2, s0, t1\n\t" \
  ".insn r 0x2b, 3, 0x49, a3, s1, t2\n\t" \
  ".insn r 0x2b, 3, 0x49, t5, s2, t3\n\t" \
  ".insn r 0x2b, 3, 0x49, ra, s3, t4\n\t" \
  "sra a2, a2, t0\n\t" \
  "sra a3, a3, t0\n\t" \
  "sra t5, t5, t0\n\t" \
  "sra ra, ra, t0\n\t" \
  ".insn r 0x2b, 3, 0x38, a2, a2, x8\n\t" \
  ".insn r 0x2b, 3, 0x38, a3, a3, x8\n\t" \
  ".insn r 0x2b, 3, 0x38, t5, t5, x8\n\t" \
  ".insn r 0x2b, 3, 0x38, ra, ra, x8\n\t" \
  ".insn r 0x7b, 1, 0x7c, a2, a3, a2\n\t" \
  ".insn r 0x7b, 1, 0x7d, a2, ra, t5\n\t" \
  "lw a1, 60(sp)\n\t" \
  "lw a3, 568(a0)\n\t" \
  "lw ra, 572(a0)\n\t" \
  ".insn r 0x7b, 1, 0x18, a2, a2, a3\n\t" \
  ".insn r 0x7b, 1, 0x10, a2, a2, ra\n\t" \
  "sw a2, 0(a1)\n\t" \
  "lw a1, 580(a0)\n\t" \
  "lw a2, 0(a1)\n\t" \
  "lw a3, 4(a1)\n\t" \
  "lw t5, 8(a1)\n\t" \
  "lw ra, 12(a1)\n\t" \
  "addi a1, a1, 16\n\t" \
  "sw a1, 580(a0)\n\t" \
  ".insn r 0x2b, 3, 0x49, a2, s4, t1\n\t" \
  ".insn r 0x2b, 3, 0x49, a3, s5, t2\n\t" \
  ".insn r 0x2b, 3, 0x49, t5, s6, t3\n\t" \
  ".insn r 0x2b, 3, 0x49, ra, s7, t4\n\t" \
  "sra a2, a2, t0\n\t" \
  "sra a3, a3, t0\n\t" \
  "sra t5, t5, t0\n\t" \
  "sra ra, ra, t0\n\t" \
  ".insn r 0x2b, 3, 0x38, a2, a2, x8\n\t" \
  ".insn r 0x2b, 3, 0x38, a3, a3, x8\n\t" \
  ".insn r 0x2b, 3, 0x38, t5, t5, x8\n\t" \
  ".insn r 0x2b, 3, 0x38, ra, ra, x8\n\t" \
  ".insn r 0x7b, 1, 0x7c, a2, a3, a2\n\t" \
  ".insn r 0x7b, 1, 0x7d, a2, ra, t5\n\t" \
  "lw a1, 60(sp)\n\t" \
  "lw a3, 568(a0)\n\t" \
  "lw ra, 572(a0)\n\t" \
  ".insn r 0x7b, 1, 0x18, a2, a2, a3\n\t" \
  ".insn r 0x7b, 1, 0x10, a2, a2, ra\n\t" \
  "sw a2, 4(a1)\n\t" \
  "lw a1, 584(a0)\n\t" \
  "lw a2, 0(a1)\n\t" \
  "lw a3, 4(a1)\n\t" \
  "lw t5, 8(a1)\n\t" \
  "lw ra, 12(a1)\n\t" \
  "addi a1, a1, 16\n\t" \
  "sw a1, 584(a0)\n\t" \
  ".insn r 0x2b, 3, 0x49, a2, s8, t1\n\t" \
  ".insn r 0x2b, 3, 0x49, a3, s9, t2\n\t" \
  ".insn r 0x2b, 3, 0x49, t5, s10, t3\n\t" \
  ".insn r 0x2b, 3, 0x49, ra, s11, t4\n\t" \
  "sra a2, a2, t0\n\t" \
  "sra a3, a3, t0\n\t" \
  "sra t5, t5, t0\n\t" \
  "sra ra, ra, t0\n\t" \
  ".insn r 0x2b, 3, 0x38, a2, a2, x8\n\t" \
  ".insn r 0x2b, 3, 0x38, a3, a3, x8\n\t" \
  ".insn r 0x2b, 3, 0x38, t5, t5, x8\n\t" \
  ".insn r 0x2b, 3, 0x38, ra, ra, x8\n\t" \
  ".insn r 0x7b, 1, 0x7c, a2, a3, a2\n\t" \
  ".insn r 0x7b, 1, 0x7d, a2, ra, t5\n\t" \
  "lw a1, 60(sp)\n\t" \
  "lw a3, 568(a0)\n\t" \
  "lw ra, 572(a0)\n\t" \
  ".insn r 0x7b, 1, 0x18, a2, a2, a3\n\t" \
  ".insn r 0x7b, 1, 0x10, a2, a2, ra\n\t" \
  "sw a2, 8(a1)\n\t" \
  "lw a1, 588(a0)\n\t" \
  "lw a2, 0(a1)\n\t" \
  "lw a3, 4(a1)\n\t" \
  "lw t5, 8(a1)\n\t" \
  "lw ra, 12(a1)\n\t" \
  "addi a1, a1, 16\n\t" \
  "sw a1, 588(a0)\n\t" \
  ".insn r 0x2b, 3, 0x49, a2, a4, t1\n\t" \
  ".insn r 0x2b, 3, 0x49, a3, a5, t2\n\t" \
  ".insn r 0x2b, 3, 0x49, t5, a6, t3\n\t" \
  ".insn r 0x2b, 3, 0x49, ra, a7, t4\n\t" \
  "sra a2, a2, t0\n\t" \
  "sra a3, a3, t0\n\t" \
  "sra t5, t5, t0\n\t" \
  "sra ra, ra, t0\n\t" \
  ".insn r 0x2b, 3, 0x38, a2, a2, x8\n\t" \
  ".insn r 0x2b, 3, 0x38, a3, a3, x8\n\t" \
  ".insn r 0x2b, 3, 0x38, t5, t5, x8\n\t" \
  ".insn r 0x2b, 3, 0x38, ra, ra, x8\n\t" \
  ".insn r 0x7b, 1, 0x7c, a2, a3, a2\n\t" \
  ".insn r 0x7b, 1, 0x7d, a2, ra, t5\n\t" \
  "lw a1, 60(sp)\n\t" \
  "lw a3, 568(a0)\n\t" \
  "lw ra, 572(a0)\n\t" \
  ".insn r 0x7b, 1, 0x18, a2, a2, a3\n\t" \
  ".insn r 0x7b, 1, 0x10, a2, a2, ra\n\t" \
  "sw a2, 12(a1)\n\t" \
  "addi a1, a1, 16\n\t" \
  "lw t1, 56(sp)\n\t" \
  "sw a1, 60(sp)\n\t" \
  "addi t1, t1, -1\n\t" \
  "sw t1, 56(sp)\n\t"

EQ_XPULP_SUM_OF_FIELDS(eq_xpulp_sum_signs, EQ_XPULP_SIGN_WORD, 56, 0, 0, EQ_XPULP_SIGN_OUTPUTS)
#else
__attribute__((noinline, unused)) static void eq_xpulp_sum_signs(eq_xpulp_block_t *c) {
  eq_xpulp_signs_t *const s = (eq_xpulp_signs_t *)(void *)c;
  uint32_t *outputs = (uint32_t *)(void *)c->sums;
  for (int32_t group = 0; group < c->groups; group++) {
    const int8_t *const x[EQ_XPULP_PIXELS] = {c->x0, c->x1, c->x2, c->x3};
    for (int32_t i = 0; i < EQ_XPULP_PIXELS; i++) {
      const int8_t *weights = c->weights, *v = x[i];
      int32_t y[EQ_XPULP_LANES] = {s->base[i][0], s->base[i][1], s->base[i][2], s->base[i][3]};
      for (int32_t word = 0; word < c->quads; word++) {
        const uint32_t signs = eq_xcv_load_w(v, 4);
        for (int32_t j = 0; j < EQ_XPULP_LANES; j++) {
          y[j] -= (int32_t)eq_xcv_cnt(signs ^ eq_xcv_load_w(weights, 4)) * s->step[j];
        }
      }
      for (int32_t j = 0; j < EQ_XPULP_LANES; j++) {
        y[j] = eq_xcv_clip(y[j] >> s->result_shift, 8);
      }
      const uint32_t low = eq_xcv_packlo_b((uint32_t)y[0], (uint32_t)y[1], (uint32_t)y[0]);
      const uint32_t bytes = eq_xcv_packhi_b(low, (uint32_t)y[3], (uint32_t)y[2]);
      *outputs++ = eq_xcv_min_b(eq_xcv_max_b(bytes, s->act_mins), s->act_maxs);
      s->base[i] += EQ_XPULP_LANES;
    }
    c->weights += 4 * EQ_XPULP_LANES * c->quads;
    s->step += EQ_XPULP_LANES;
  }
}
#endif

/* The outputs of whole and of the last, incomplete groups to channel o on of the pixels at y. */
static EQ_INLINE void eq_xpulp_put_signs(const eq_xpulp_block_t *c, int32_t o, int32_t out_c, int8_t *const y[4]) {
  const uint32_t *outputs = (const uint32_t *)(const void *)c->sums;
  for (int32_t group = 0; group < c->groups; group++) {
    for (int32_t i = 0; i < EQ_XPULP_PIXELS; i++) {
      const uint32_t bytes = *outputs++;
      if (o + EQ_XPULP_LANES <= out_c) {
        eq_xpulp_store(y[i] + o, bytes);
      } else {
        for (int32_t j = 0; o + j < out_c; j++) {
          y[i][o + j] = (int8_t)(uint8_t)(bytes >> 8 * j);
        }
      }
    }
    o += EQ_XPULP_LANES;
  }
}

#endif
