/* The matrix product of the DSP kernels for int16 activations: four pixels times two output channels.
 *
 * Weights: [pair of channels][element][2 channels]; SXTB16 takes a word's even bytes, rotated its odd ones: the weights
 * of either channel for two elements. Activations: a panel [pair of elements][4 pixels][2]. Elements go in quads, the
 * last filled up with zero weights. */
#ifndef EQ_DSP_PRODUCT_S16_H
#define EQ_DSP_PRODUCT_S16_H

#include <stddef.h>

#include "eq_dsp.h"
#include "eq_spread_pairs.h"
#include "eq_types.h"

enum { EQ_DSP_S16_PIXELS = 4, EQ_DSP_S16_PAIRS = 8 /* pairs of channels whose sums are in memory at a time */ };

/* A product's operands, all known to the assembly below. */
typedef struct {
  const int16_t *panel;
  const int8_t *weights; /* advances, as do bias, sums and pairs */
  int32_t quads;
  const int32_t *bias;
  int32_t *sums;
  int32_t pairs;
} eq_dsp_product_s16_t;

_Static_assert(offsetof(eq_dsp_product_s16_t, weights) == 4 && offsetof(eq_dsp_product_s16_t, quads) == 8 &&
                   offsetof(eq_dsp_product_s16_t, bias) == 12 && offsetof(eq_dsp_product_s16_t, sums) == 16 &&
                   offsetof(eq_dsp_product_s16_t, pairs) == 20,
               "the assembly relies on these offsets");

/* Two elements of four pixels and two channels: 13 instructions for 16 products. */
#define EQ_DSP_HALF_QUAD_S16        \
  "ldr r2, [r1], #4\n\t"            \
  "ldrd r12, lr, [r0], #8\n\t"      \
  "sxtb16 r3, r2\n\t"               \
  "sxtb16 r2, r2, ror #8\n\t"       \
  "smlad r4, r12, r3, r4\n\t"       \
  "smlad r8, r12, r2, r8\n\t"       \
  "smlad r5, lr, r3, r5\n\t"        \
  "smlad r9, lr, r2, r9\n\t"        \
  "ldrd r12, lr, [r0], #8\n\t"      \
  "smlad r6, r12, r3, r6\n\t"       \
  "smlad r10, r12, r2, r10\n\t"     \
  "smlad r7, lr, r3, r7\n\t"        \
  "smlad r11, lr, r2, r11\n\t"

/* Sums of c->pairs pairs of channels, to c->sums: four pixels of the even channel, then of the odd one. Two quads a
 * turn; an odd number of them enters the loop in its middle. */
__attribute__((naked, noinline)) static void eq_dsp_sum_s16(eq_dsp_product_s16_t *c __attribute__((unused))) {
  __asm__ volatile(
      "push {r4-r11, lr}\n\t"
      "sub sp, #12\n\t"
      "str r0, [sp]\n\t"
      "mov r12, r0\n\t"
      "ldr r1, [r0, #4]\n"
      "1:\n\t"
      "ldrd r2, r3, [r12, #8]\n\t"
      "ldr r0, [r12]\n\t"
      "add lr, r1, r2, lsl #3\n\t" /* the pair's end in the weights: 8 bytes a quad */
      "str lr, [sp, #4]\n\t"
      "ldrd r4, r8, [r3], #8\n\t"
      "str r3, [r12, #12]\n\t"
      "mov r5, r4\n\t"
      "mov r6, r4\n\t"
      "mov r7, r4\n\t"
      "mov r9, r8\n\t"
      "mov r10, r8\n\t"
      "mov r11, r8\n\t"
      "lsls r2, r2, #31\n\t"
      "bmi 3f\n"
      "2:\n\t" EQ_DSP_HALF_QUAD_S16 EQ_DSP_HALF_QUAD_S16
      "\n3:\n\t" EQ_DSP_HALF_QUAD_S16 EQ_DSP_HALF_QUAD_S16
      "ldr r12, [sp, #4]\n\t"
      "cmp r1, r12\n\t"
      "bne 2b\n\t"
      "ldr r12, [sp]\n\t"
      "ldrd r2, r3, [r12, #16]\n\t"
      "stm r2!, {r4-r11}\n\t"
      "subs r3, #1\n\t"
      "strd r2, r3, [r12, #16]\n\t"
      "bne 1b\n\t"
      "str r1, [r12, #4]\n\t"
      "add sp, #12\n\t"
      "pop {r4-r11, pc}");
}

/* Two outputs in a halfword each, limited to [low, high], which are in both halves. */
static EQ_INLINE uint32_t eq_dsp_clamp_pair(uint32_t pair, uint32_t low, uint32_t high) {
  uint32_t difference;
  __asm__("ssub16 %1, %0, %2\n\tsel %0, %0, %2\n\tssub16 %1, %3, %0\n\tsel %0, %0, %3"
          : "+r"(pair), "=&r"(difference)
          : "r"(low), "r"(high));
  return pair;
}

/* A channel's constants; `half` rounds. */
typedef struct {
  int32_t m, half, s;
} eq_dsp_scale_s16_t;

static EQ_INLINE eq_dsp_scale_s16_t eq_dsp_scale_of_s16(const eq_requant_t *q, int32_t channel) {
  const int32_t s = q->shift[channel];
  return (eq_dsp_scale_s16_t){q->multiplier[channel], (int32_t)((uint32_t)1 << (s - 1)), s};
}

static EQ_INLINE uint32_t eq_dsp_requantize_s16(int32_t acc, eq_dsp_scale_s16_t k) {
  int32_t y;
  __asm__("ssat %0, #16, %1" : "=r"(y) : "r"(eq_dsp_smmla(acc, k.m, k.half) >> k.s));
  return (uint32_t)y;
}

/* What outputs are limited to, in both halves; `narrow`: it is less than int16. */
typedef struct {
  uint32_t low, high;
  int32_t narrow;
} eq_dsp_bounds_s16_t;

static EQ_INLINE eq_dsp_bounds_s16_t eq_dsp_bounds_s16(const eq_requant_t *q) {
  return (eq_dsp_bounds_s16_t){((uint32_t)q->act_min & 0xffffu) * 0x00010001u, (uint32_t)q->act_max * 0x00010001u,
                               q->act_min > -32768 || q->act_max < 32767};
}

/* Requantizes the sums of two channels and stores them, or the even one alone. */
static EQ_INLINE void eq_dsp_put_s16(int32_t even, int32_t odd, eq_dsp_scale_s16_t k_even, eq_dsp_scale_s16_t k_odd,
                                     eq_dsp_bounds_s16_t bounds, int16_t *y, int32_t both) {
  uint32_t pair = eq_dsp_pack_bottoms(eq_dsp_requantize_s16(even, k_even), eq_dsp_requantize_s16(odd, k_odd));
  if (bounds.narrow) {
    pair = eq_dsp_clamp_pair(pair, bounds.low, bounds.high);
  }
  if (both) {
    __builtin_memcpy(y, &pair, sizeof pair);
  } else {
    *y = (int16_t)(uint16_t)pair;
  }
}

/* Channels range.begin (an even number) to range.end - 1 of the `pixels` (1 to 4) pixels in the panel, whose outputs
 * are `pitch` elements apart; y is channel 0 of the first one. */
static EQ_INLINE void eq_dsp_channels_s16(const int16_t *panel, int32_t pixels, int32_t quads, const int8_t *weights,
                                          const int32_t *bias, const eq_requant_t *requant, eq_range_t range,
                                          int16_t *y, int32_t pitch) {
  int32_t sums[EQ_DSP_S16_PAIRS * 2 * EQ_DSP_S16_PIXELS];
  const eq_requant_t q = *requant; /* by value: what is loaded through a pointer would be loaded again after a store */
  const eq_dsp_bounds_s16_t bounds = eq_dsp_bounds_s16(&q);
  eq_dsp_product_s16_t c = {panel, weights + 4 * range.begin * quads, quads, bias + range.begin, sums, 0};
  for (int32_t o = range.begin; o < range.end;) {
    const int32_t pairs = (range.end - o + 1) / 2;
    c.pairs = pairs < EQ_DSP_S16_PAIRS ? pairs : EQ_DSP_S16_PAIRS;
    c.sums = sums;
    eq_dsp_sum_s16(&c);
    for (const int32_t *s = sums; s != c.sums; s += 2 * EQ_DSP_S16_PIXELS) {
      const eq_dsp_scale_s16_t k_even = eq_dsp_scale_of_s16(&q, o), k_odd = eq_dsp_scale_of_s16(&q, o + 1);
      const int32_t both = o + 1 < range.end;
      int16_t *to = y + o;
      for (int32_t i = 0; i < pixels; i++) {
        eq_dsp_put_s16(s[i], s[EQ_DSP_S16_PIXELS + i], k_even, k_odd, bounds, to, both);
        to += pitch;
      }
      o += 2;
    }
  }
}

/* Puts elements `at` .. at + count - 1 of a pixel in its places of the panel, zeros where there is no source. */
static EQ_INLINE void eq_dsp_put_panel_s16(int16_t *x, int32_t at, const int16_t *source, int32_t count) {
  eq_spread_pairs((uint16_t *)x, at, (const uint16_t *)source, count);
}

#endif
