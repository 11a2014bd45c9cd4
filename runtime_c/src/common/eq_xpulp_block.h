/* The matrix product of the Xpulp kernels: four pixels times four output channels, four filter bytes at a time.
 *
 * Weights: [group of 4 channels][quad of bytes][4 channels][4 bytes]. Pixels: whole, 4-byte aligned quads of bytes. A
 * step is 8 post-increment loads and 16 dot products. */
#ifndef EQ_XPULP_BLOCK_H
#define EQ_XPULP_BLOCK_H

#include <stddef.h>

#include "eq_types.h"
#include "eq_xpulp.h"

enum { EQ_XPULP_PIXELS = 4, EQ_XPULP_LANES = 4 };

/* Sums of one pixel in four channels. */
typedef struct {
  int32_t c0, c1, c2, c3;
} eq_xpulp_sums_t;

static EQ_INLINE eq_xpulp_sums_t eq_xpulp_dot(eq_xpulp_sums_t s, uint32_t x, uint32_t w0, uint32_t w1, uint32_t w2,
                                              uint32_t w3) {
  s.c0 = eq_xcv_sdotsp_b(s.c0, x, w0);
  s.c1 = eq_xcv_sdotsp_b(s.c1, x, w1);
  s.c2 = eq_xcv_sdotsp_b(s.c2, x, w2);
  s.c3 = eq_xcv_sdotsp_b(s.c3, x, w3);
  return s;
}

enum { EQ_XPULP_GROUPS = 8 /* groups whose sums are in memory at a time */ };

/* A matrix product's operands; the assembly in eq_xpulp_sum knows all but the last two members. */
typedef struct {
  const int8_t *x0, *x1, *x2, *x3; /* the four pixels' quads */
  const int8_t *weights;           /* advances */
  int32_t quads;
  int32_t groups;
  const int32_t *bias;                                              /* advances */
  int32_t sums[EQ_XPULP_GROUPS * EQ_XPULP_PIXELS * EQ_XPULP_LANES]; /* [groups][pixels][channels] */
  int32_t of_pixels[EQ_XPULP_PIXELS]; /* sums of the pixels' bytes, where weights of an odd type need them */
} eq_xpulp_block_t;

typedef void eq_xpulp_sum_t(eq_xpulp_block_t *c);

#if defined(EQ_XCV_BACKEND_INSN)
_Static_assert(offsetof(eq_xpulp_block_t, weights) == 16 && offsetof(eq_xpulp_block_t, quads) == 20 &&
                   offsetof(eq_xpulp_block_t, groups) == 24 && offsetof(eq_xpulp_block_t, bias) == 28 &&
                   offsetof(eq_xpulp_block_t, sums) == 32,
               "the assembly in eq_xpulp_sum relies on these offsets");

/* 16 dot products (cv.sdotsp.b with `width` 1, cv.sdotsp.h with 0) of the weights in t0 .. t3 with a word of the four
 * pixels: two are in t4 and ra, two are loaded (cv.lw). */
#define EQ_XPULP_DOTS_OF(width) \
  ".insn r 0x7b, " width ", 0x54, s0, t4, t0\n\t" \
  ".insn r 0x7b, " width ", 0x54, s1, t4, t1\n\t" \
  ".insn r 0x7b, " width ", 0x54, s2, t4, t2\n\t" \
  ".insn r 0x7b, " width ", 0x54, s3, t4, t3\n\t" \
  ".insn i 0x0b, 2, t4, a3, 4\n\t" \
  ".insn r 0x7b, " width ", 0x54, s4, ra, t0\n\t" \
  ".insn r 0x7b, " width ", 0x54, s5, ra, t1\n\t" \
  ".insn r 0x7b, " width ", 0x54, s6, ra, t2\n\t" \
  ".insn r 0x7b, " width ", 0x54, s7, ra, t3\n\t" \
  ".insn i 0x0b, 2, ra, t5, 4\n\t" \
  ".insn r 0x7b, " width ", 0x54, s8, t4, t0\n\t" \
  ".insn r 0x7b, " width ", 0x54, s9, t4, t1\n\t" \
  ".insn r 0x7b, " width ", 0x54, s10, t4, t2\n\t" \
  ".insn r 0x7b, " width ", 0x54, s11, t4, t3\n\t" \
  ".insn r 0x7b, " width ", 0x54, a4, ra, t0\n\t" \
  ".insn r 0x7b, " width ", 0x54, a5, ra, t1\n\t" \
  ".insn r 0x7b, " width ", 0x54, a6, ra, t2\n\t" \
  ".insn r 0x7b, " width ", 0x54, a7, ra, t3\n\t"

#define EQ_XPULP_DOTS EQ_XPULP_DOTS_OF("1")

/* One quad of bytes: four pixels (a1 a2 a3 t5) times four channels (t6): 8 post-increment loads, none used by the next
 * instruction, and the dot products. */
#define EQ_XPULP_QUAD \
  ".insn i 0x0b, 2, t4, a1, 4\n\t" \
  ".insn i 0x0b, 2, t0, t6, 4\n\t" \
  ".insn i 0x0b, 2, t1, t6, 4\n\t" \
  ".insn i 0x0b, 2, t2, t6, 4\n\t" \
  ".insn i 0x0b, 2, t3, t6, 4\n\t" \
  ".insn i 0x0b, 2, ra, a2, 4\n\t" \
  EQ_XPULP_DOTS

/* A function's frame: 64 bytes, of which 52 to 60 are its own. */
#define EQ_XPULP_SAVE \
  "addi sp, sp, -64\n\t" \
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
  "sw s11, 48(sp)\n\t"

#define EQ_XPULP_RESTORE \
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
  "addi sp, sp, 64\n\t" \
  "ret"

/* Stores a group's sums to the place in 60(sp), counts in 56(sp) the groups left, and leaves the two in t0 and t1. */
#define EQ_XPULP_STORE_SUMS \
  "lw t0, 60(sp)\n\t" \
  "lw t1, 56(sp)\n\t" \
  "sw s0, 0(t0)\n\t" \
  "sw s1, 4(t0)\n\t" \
  "sw s2, 8(t0)\n\t" \
  "sw s3, 12(t0)\n\t" \
  "sw s4, 16(t0)\n\t" \
  "sw s5, 20(t0)\n\t" \
  "sw s6, 24(t0)\n\t" \
  "sw s7, 28(t0)\n\t" \
  "sw s8, 32(t0)\n\t" \
  "sw s9, 36(t0)\n\t" \
  "sw s10, 40(t0)\n\t" \
  "sw s11, 44(t0)\n\t" \
  "sw a4, 48(t0)\n\t" \
  "sw a5, 52(t0)\n\t" \
  "sw a6, 56(t0)\n\t" \
  "sw a7, 60(t0)\n\t" \
  "addi t0, t0, 64\n\t" \
  "addi t1, t1, -1\n\t" \
  "sw t0, 60(sp)\n\t" \
  "sw t1, 56(sp)\n\t"

/* Defines a function for the sums of c->groups groups for four pixels, from the biases on; c->weights and c->bias move
 * on. `word`: 24 instructions for a word of each pixel. In assembly where the compiler has no built-ins: sixteen sums,
 * five pointers, four weights and two activations fill 27 registers, and there is no way to ask for a hardware loop in
 * C. */
#define EQ_XPULP_SUM(name, word) \
  __attribute__((naked, noinline, unused)) static void name(eq_xpulp_block_t *c __attribute__((unused))) { \
    __asm__ volatile( \
        EQ_XPULP_SAVE \
        "lw t6, 16(a0)\n\t" \
        "lw t1, 24(a0)\n\t" \
        "lw t0, 28(a0)\n\t" \
        "addi t2, a0, 32\n\t" \
        "sw t1, 56(sp)\n\t" \
        "sw t2, 60(sp)\n" \
        "1:\n\t" \
        "lw s0, 0(t0)\n\t" \
        "lw s1, 4(t0)\n\t" \
        "lw s2, 8(t0)\n\t" \
        "lw s3, 12(t0)\n\t" \
        "addi t0, t0, 16\n\t" \
        "sw t0, 28(a0)\n\t" \
        "mv s4, s0\n\t" \
        "mv s5, s1\n\t" \
        "mv s6, s2\n\t" \
        "mv s7, s3\n\t" \
        "mv s8, s0\n\t" \
        "mv s9, s1\n\t" \
        "mv s10, s2\n\t" \
        "mv s11, s3\n\t" \
        "mv a4, s0\n\t" \
        "mv a5, s1\n\t" \
        "mv a6, s2\n\t" \
        "mv a7, s3\n\t" \
        "lw t0, 20(a0)\n\t" \
        "lw a1, 0(a0)\n\t" \
        "lw a2, 4(a0)\n\t" \
        "lw a3, 8(a0)\n\t" \
        "lw t5, 12(a0)\n\t" \
        ".balign 4\n\t" \
        ".insn i 0x2b, 4, x14, t0, 25\n\t" /* cv.setup 0, t0, 24 instructions */ \
        word \
        EQ_XPULP_STORE_SUMS \
        "lw t0, 28(a0)\n\t" \
        "bnez t1, 1b\n\t" \
        "sw t6, 16(a0)\n\t" \
        EQ_XPULP_RESTORE); \
  }

EQ_XPULP_SUM(eq_xpulp_sum, EQ_XPULP_QUAD)
#else
__attribute__((noinline, unused)) static void eq_xpulp_sum(eq_xpulp_block_t *c) {
  const int8_t *weights = c->weights;
  int32_t *sums = c->sums;
  for (int32_t group = 0; group < c->groups; group++) {
    const int8_t *x0 = c->x0, *x1 = c->x1, *x2 = c->x2, *x3 = c->x3;
    eq_xpulp_sums_t s0 = {c->bias[0], c->bias[1], c->bias[2], c->bias[3]}, s1 = s0, s2 = s0, s3 = s0;
    const int8_t *const end = weights + c->quads * 16;
    while (weights != end) {
      const uint32_t w0 = eq_xcv_load_w(weights, 4), w1 = eq_xcv_load_w(weights, 4);
      const uint32_t w2 = eq_xcv_load_w(weights, 4), w3 = eq_xcv_load_w(weights, 4);
      s0 = eq_xpulp_dot(s0, eq_xcv_load_w(x0, 4), w0, w1, w2, w3);
      s1 = eq_xpulp_dot(s1, eq_xcv_load_w(x1, 4), w0, w1, w2, w3);
      s2 = eq_xpulp_dot(s2, eq_xcv_load_w(x2, 4), w0, w1, w2, w3);
      s3 = eq_xpulp_dot(s3, eq_xcv_load_w(x3, 4), w0, w1, w2, w3);
    }
    eq_xpulp_sums_t *const out = (eq_xpulp_sums_t *)(void *)sums;
    out[0] = s0;
    out[1] = s1;
    out[2] = s2;
    out[3] = s3;
    sums += EQ_XPULP_PIXELS * EQ_XPULP_LANES;
    c->bias += EQ_XPULP_LANES;
  }
  c->weights = weights;
}
#endif

/* Four whole channels of one pixel, clipped to int8. */
static EQ_INLINE uint32_t eq_xpulp_requantize4(const int32_t sums[4], const uint32_t m[4], const int32_t shift[4],
                                               const int32_t offset[4], eq_requant_form_t form) {
  const int32_t y0 = eq_xpulp_scale(sums[0], m[0], shift[0], offset[0], form);
  const int32_t y1 = eq_xpulp_scale(sums[1], m[1], shift[1], offset[1], form);
  const int32_t y2 = eq_xpulp_scale(sums[2], m[2], shift[2], offset[2], form);
  const int32_t y3 = eq_xpulp_scale(sums[3], m[3], shift[3], offset[3], form);
  return eq_xcv_packhi_b(eq_xcv_packlo_b((uint32_t)y0, (uint32_t)y1, (uint32_t)y0), (uint32_t)y3, (uint32_t)y2);
}

/* Requantizes and stores the sums of whole groups from channel o on; outputs are 4-byte aligned. `y` are the pixels'
 * channel 0. By value: what is loaded through a pointer would be loaded again after every store. */
static EQ_INLINE void eq_xpulp_store_groups(const eq_xpulp_block_t *c, eq_xpulp_requant_t q, int32_t o,
                                            int8_t *const y[4], eq_requant_form_t form) {
  const int32_t *sums = c->sums;
  const int32_t end = o + c->groups * EQ_XPULP_LANES;
  int8_t *y0 = y[0] + o, *y1 = y[1] + o, *y2 = y[2] + o, *y3 = y[3] + o;
  for (; o < end; o += EQ_XPULP_LANES) {
    const uint32_t m[4] = {eq_xpulp_multiplier(&q, o, form), eq_xpulp_multiplier(&q, o + 1, form),
                           eq_xpulp_multiplier(&q, o + 2, form), eq_xpulp_multiplier(&q, o + 3, form)};
    const int32_t shift[4] = {eq_xpulp_shift(&q, o, form), eq_xpulp_shift(&q, o + 1, form),
                              eq_xpulp_shift(&q, o + 2, form), eq_xpulp_shift(&q, o + 3, form)};
    const int32_t offset[4] = {eq_xpulp_offset(&q, o, form), eq_xpulp_offset(&q, o + 1, form),
                               eq_xpulp_offset(&q, o + 2, form), eq_xpulp_offset(&q, o + 3, form)};
    uint32_t b0 = eq_xpulp_requantize4(sums, m, shift, offset, form);
    uint32_t b1 = eq_xpulp_requantize4(sums + 4, m, shift, offset, form);
    uint32_t b2 = eq_xpulp_requantize4(sums + 8, m, shift, offset, form);
    uint32_t b3 = eq_xpulp_requantize4(sums + 12, m, shift, offset, form);
    if (q.narrow) {
      b0 = eq_xcv_min_b(eq_xcv_max_b(b0, q.act_mins), q.act_maxs);
      b1 = eq_xcv_min_b(eq_xcv_max_b(b1, q.act_mins), q.act_maxs);
      b2 = eq_xcv_min_b(eq_xcv_max_b(b2, q.act_mins), q.act_maxs);
      b3 = eq_xcv_min_b(eq_xcv_max_b(b3, q.act_mins), q.act_maxs);
    }
    eq_xcv_store_w(y0, b0, 4);
    eq_xcv_store_w(y1, b1, 4);
    eq_xcv_store_w(y2, b2, 4);
    eq_xcv_store_w(y3, b3, 4);
    sums += EQ_XPULP_PIXELS * EQ_XPULP_LANES;
  }
}

/* Those of the channels o .. o+3 of one pixel that lie in `channels`; y is its channel 0. */
static EQ_INLINE void eq_xpulp_store_part(const eq_xpulp_requant_t *q, const int32_t *sums, int32_t o,
                                          eq_range_t channels, int8_t *y, eq_requant_form_t form) {
  for (int32_t i = 0; i < EQ_XPULP_LANES; i++) {
    if (o + i >= channels.begin && o + i < channels.end) {
      const uint32_t m = eq_xpulp_multiplier(q, o + i, form);
      const int32_t s = eq_xpulp_shift(q, o + i, form), offset = eq_xpulp_offset(q, o + i, form);
      const int32_t v = eq_xpulp_scale(sums[i], m, s, offset, form);
      y[o + i] = (int8_t)(q->narrow ? eq_clamp(v, q->act_min, q->act_max) : v);
    }
  }
}

/* The operands of the `pixels` (1 to 4) pixels whose quads start at x[0], x[1], ... A missing pixel repeats the last
 * one. */
static EQ_INLINE void eq_xpulp_operands(eq_xpulp_block_t *c, const int8_t *const x[4], int32_t quads,
                                        const void *weights, const int32_t *bias, int32_t pixels) {
  c->x0 = x[0];
  c->x1 = x[pixels > 1 ? 1 : 0];
  c->x2 = x[pixels > 2 ? 2 : pixels - 1];
  c->x3 = x[pixels > 3 ? 3 : pixels - 1];
  c->weights = weights;
  c->quads = quads;
  c->bias = bias;
}

/* All output channels of the pixels in c; y is the first pixel's output. A missing pixel's bytes are stored again. */
static EQ_INLINE void eq_xpulp_channels(eq_xpulp_block_t *c, const eq_xpulp_requant_t *q, int32_t out_c, int8_t *y,
                                        int32_t pixels, eq_requant_form_t form, eq_xpulp_sum_t *sum) {
  const eq_range_t channels = {0, out_c};
  const int32_t *const bias = c->bias;
  const int32_t p1 = pixels > 1 ? 1 : 0, p2 = pixels > 2 ? 2 : p1, p3 = pixels > 3 ? 3 : p2;
  int8_t *const outputs[4] = {y, y + p1 * out_c, y + p2 * out_c, y + p3 * out_c};
  int32_t last_bias[EQ_XPULP_LANES];
  for (int32_t o = 0; o < out_c;) {
    const int32_t whole = (out_c - o) / EQ_XPULP_LANES;
    c->groups = whole < EQ_XPULP_GROUPS ? whole : EQ_XPULP_GROUPS;
    if (whole == 0) { /* the biases of four channels are read */
      for (int32_t i = 0; i < EQ_XPULP_LANES; i++) {
        last_bias[i] = o + i < out_c ? bias[o + i] : 0;
      }
      c->bias = last_bias;
      c->groups = 1;
    }
    sum(c);
    if ((out_c & 3) == 0) {
      eq_xpulp_store_groups(c, *q, o, outputs, form);
    } else {
      for (int32_t i = 0; i < c->groups * EQ_XPULP_PIXELS; i++) {
        eq_xpulp_store_part(q, c->sums + i * EQ_XPULP_LANES, o + i / EQ_XPULP_PIXELS * EQ_XPULP_LANES, channels,
                            outputs[i % EQ_XPULP_PIXELS], form);
      }
    }
    o += c->groups * EQ_XPULP_LANES;
  }
}

/* All output channels of up to four pixels with int8 weights. */
static EQ_INLINE void eq_xpulp_product(const int8_t *const x[4], int32_t quads, const int8_t *weights,
                                       const int32_t *bias, const eq_xpulp_requant_t *q, int32_t out_c, int8_t *y,
                                       int32_t pixels, eq_requant_form_t form) {
  eq_xpulp_block_t c;
  eq_xpulp_operands(&c, x, quads, weights, bias, pixels);
  eq_xpulp_channels(&c, q, out_c, y, pixels, form, eq_xpulp_sum);
}

#endif
