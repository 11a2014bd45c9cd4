/* The matrix product of the DSP kernels: four pixels times two output channels.
 *
 * Weights: each halfword holds w_even + 256 * w_odd of two output channels. SXTB16 gives w_even; SMLAD with the halves
 * as they are sums D_even + 256 * D_odd, and one subtraction at the end leaves D_odd: half the widening of weights.
 * |D_odd| < 2^23 must hold, so sums are drained every EQ_DSP_DRAIN_QUADS steps: 512 * 127 * 128 < 2^23.
 * Activations: a panel of halfwords, one quad (four bytes of each of the four pixels) after the other:
 *   word i     (i = 0..3)   bytes 0 and 2 of pixel i
 *   word 4 + i              bytes 1 and 3 of pixel i
 * Weights in the same order: [pair of channels][quad][2 words]. K is padded to whole quads with zero weights. */
#ifndef EQ_DSP_PANEL_H
#define EQ_DSP_PANEL_H

#include "eq_dsp.h"
#include "eq_dsp_pairs.h"

static EQ_INLINE void eq_dsp_put_quad(uint32_t *column, uint32_t word) {
  column[0] = eq_dsp_sxtb16(word);
  column[EQ_DSP_PANEL_PIXELS] = eq_dsp_sxtb16_ror8(word);
}

/* Widens a run of bytes of one pixel into its column of the panel; returns the place after it. The last quad of a run
 * is filled up with zeros. */
static EQ_INLINE uint32_t *eq_dsp_widen(const int8_t *x, int32_t bytes, uint32_t *column) {
  for (; bytes >= 16; bytes -= 16) {
    eq_dsp_put_quad(column, eq_dsp_load(x));
    eq_dsp_put_quad(column + EQ_DSP_PANEL_WORDS, eq_dsp_load(x + 4));
    eq_dsp_put_quad(column + 2 * EQ_DSP_PANEL_WORDS, eq_dsp_load(x + 8));
    eq_dsp_put_quad(column + 3 * EQ_DSP_PANEL_WORDS, eq_dsp_load(x + 12));
    column += 4 * EQ_DSP_PANEL_WORDS;
    x += 16;
  }
  for (; bytes >= 4; bytes -= 4) {
    eq_dsp_put_quad(column, eq_dsp_load(x));
    column += EQ_DSP_PANEL_WORDS;
    x += 4;
  }
  if (bytes > 0) {
    eq_dsp_put_quad(column, eq_load_tail(x, bytes));
    column += EQ_DSP_PANEL_WORDS;
  }
  return column;
}

/* What a panel's product needs. The first four members are known to the assembly in eq_dsp_multiply. */
typedef struct {
  const uint32_t *panel;
  const uint32_t *weights; /* advances */
  int32_t count;           /* quads of this part, at least one */
  int32_t sums[8];         /* four pixels of the even channel, then of the odd one */
  int32_t quads;           /* of all parts */
  const int32_t *bias;
  int8_t *y0, *y1, *y2, *y3; /* channel 0 of the four pixels; y0 where there is no pixel */
  eq_dsp_requant_t requant;
} eq_dsp_product_t;

_Static_assert(offsetof(eq_dsp_product_t, weights) == 4 && offsetof(eq_dsp_product_t, count) == 8 &&
                   offsetof(eq_dsp_product_t, sums) == 12,
               "the assembly in eq_dsp_multiply relies on these offsets");

/* Defines a function that adds the products of c->count quads to c->sums and moves c->weights on; `widen` as for
 * EQ_DSP_HALF_QUAD_BY. Two quads a turn; an odd count enters the loop in its middle. All in assembly, because the loop
 * fills fourteen registers (r0 panel, r1 weights, r4-r7 even, r8-r11 mixed) and a compiler given that task spills
 * inside it. */
#define EQ_DSP_MULTIPLY(name, widen)                                                                       \
  __attribute__((naked, noinline, unused)) static void name(eq_dsp_product_t *c __attribute__((unused))) { \
    __asm__ volatile(                                                                                      \
        "push {r4-r11, lr}\n\t"                                                                            \
        "ldrd r1, r2, [r0, #4]\n\t"                                                                        \
        "add r3, r1, r2, lsl #3\n\t" /* the weights' end: 8 bytes a quad */                                \
        "str r3, [r0, #4]\n\t"                                                                             \
        "push {r0, r3}\n\t"                                                                                \
        "add r12, r0, #12\n\t"                                                                             \
        "ldm r12, {r4-r7}\n\t"                                                                             \
        "mov r8, r4\n\t"                                                                                   \
        "mov r9, r5\n\t"                                                                                   \
        "mov r10, r6\n\t"                                                                                  \
        "mov r11, r7\n\t"                                                                                  \
        "ldr r0, [r0]\n\t"                                                                                 \
        "lsls r2, r2, #31\n\t"                                                                             \
        "bmi 2f\n"                                                                                         \
        "1:\n\t" EQ_DSP_HALF_QUAD_BY(widen) EQ_DSP_HALF_QUAD_BY(widen)                                     \
        "\n2:\n\t" EQ_DSP_HALF_QUAD_BY(widen) EQ_DSP_HALF_QUAD_BY(widen)                                   \
        "ldr r12, [sp, #4]\n\t"                                                                            \
        "cmp r1, r12\n\t"                                                                                  \
        "bne 1b\n\t"                                                                                       \
        "pop {r2, r3}\n\t"                                                                                 \
        "add r3, r2, #28\n\t"                                                                              \
        "ldm r3, {r0, r1, r12, lr}\n\t" /* odd += (mixed - even) / 256 */                                  \
        "sub r8, r8, r4\n\t"                                                                               \
        "sub r9, r9, r5\n\t"                                                                               \
        "sub r10, r10, r6\n\t"                                                                             \
        "sub r11, r11, r7\n\t"                                                                             \
        "add r8, r0, r8, asr #8\n\t"                                                                       \
        "add r9, r1, r9, asr #8\n\t"                                                                       \
        "add r10, r12, r10, asr #8\n\t"                                                                    \
        "add r11, lr, r11, asr #8\n\t"                                                                     \
        "add r2, r2, #12\n\t"                                                                              \
        "stm r2, {r4-r11}\n\t"                                                                             \
        "pop {r4-r11, pc}");                                                                               \
  }

EQ_DSP_MULTIPLY(eq_dsp_multiply, "sxtb16")

typedef void (*eq_dsp_multiply_t)(eq_dsp_product_t *c);

/* Adds the products of all quads to c->sums, in parts of `drain`; c->count is the last part's. */
static EQ_INLINE void eq_dsp_sum(eq_dsp_product_t *c, int32_t drain, eq_dsp_multiply_t multiply) {
  if (c->quads > drain) {
    const uint32_t *const panel = c->panel;
    const int32_t last = c->count;
    c->count = drain;
    for (int32_t quads = c->quads; quads > drain; quads -= drain) {
      multiply(c);
      c->panel += drain * EQ_DSP_PANEL_WORDS;
    }
    c->count = last;
    multiply(c);
    c->panel = panel;
  } else {
    multiply(c);
  }
}

/* Requantizes one channel's four sums; in place. */
static EQ_INLINE void eq_dsp_scale4(const eq_dsp_requant_t *q, int32_t s[4], int32_t channel, eq_requant_form_t form) {
  const eq_dsp_scale_t k = eq_dsp_scale_of(q, channel, form);
  s[0] = eq_dsp_scale_saturate(s[0], k, form);
  s[1] = eq_dsp_scale_saturate(s[1], k, form);
  s[2] = eq_dsp_scale_saturate(s[2], k, form);
  s[3] = eq_dsp_scale_saturate(s[3], k, form);
}

static EQ_INLINE void eq_dsp_clamp4(const eq_dsp_requant_t *q, int32_t s[4]) {
  s[0] = eq_clamp(s[0], q->act_min, q->act_max);
  s[1] = eq_clamp(s[1], q->act_min, q->act_max);
  s[2] = eq_clamp(s[2], q->act_min, q->act_max);
  s[3] = eq_clamp(s[3], q->act_min, q->act_max);
}

static EQ_INLINE void eq_dsp_put(int8_t *y, int32_t even, int32_t odd, int32_t both) {
  y[0] = (int8_t)even;
  if (both) {
    y[1] = (int8_t)odd;
  }
}

/* Requantizes and stores the sums of output channels o and (if `both`, a compile-time constant) o + 1. Columns without a
 * pixel are stored first, to y0. */
static EQ_INLINE void eq_dsp_store_pair(const eq_dsp_product_t *c, int32_t even[4], int32_t odd[4], int32_t o,
                                        int32_t both, eq_requant_form_t form) {
  eq_dsp_scale4(&c->requant, even, o, form);
  if (both) {
    eq_dsp_scale4(&c->requant, odd, o + 1, form);
  }
  if (c->requant.narrow) {
    eq_dsp_clamp4(&c->requant, even);
    eq_dsp_clamp4(&c->requant, odd);
  }
  int8_t *const y0 = c->y0 + o, *const y1 = c->y1 + o, *const y2 = c->y2 + o, *const y3 = c->y3 + o;
  eq_dsp_put(y3, even[3], odd[3], both);
  eq_dsp_put(y2, even[2], odd[2], both);
  eq_dsp_put(y1, even[1], odd[1], both);
  eq_dsp_put(y0, even[0], odd[0], both);
}

/* Products and stores of one pair of output channels. */
static EQ_INLINE void eq_dsp_pair(eq_dsp_product_t *c, int32_t o, int32_t both, eq_requant_form_t form) {
  const int32_t b0 = c->bias[o], b1 = both ? c->bias[o + 1] : 0;
  c->sums[0] = c->sums[1] = c->sums[2] = c->sums[3] = b0;
  c->sums[4] = c->sums[5] = c->sums[6] = c->sums[7] = b1;
  eq_dsp_sum(c, EQ_DSP_DRAIN_QUADS, eq_dsp_multiply);
  int32_t even[4] = {c->sums[0], c->sums[1], c->sums[2], c->sums[3]};
  int32_t odd[4] = {c->sums[4], c->sums[5], c->sums[6], c->sums[7]};
  eq_dsp_store_pair(c, even, odd, o, both, form);
}

/* Operands for the `pixels` (1 to 4) pixels in the panel; y is the first one's output. Member by member: an initializer
 * would clear the sums first. */
static EQ_INLINE void eq_dsp_operands(eq_dsp_product_t *c, const uint32_t *panel, const void *weights, int32_t quads,
                                      const int32_t *bias, const eq_requant_t *requant, int32_t out_c, int8_t *y,
                                      int32_t pixels) {
  c->panel = panel;
  c->weights = weights;
  c->quads = quads;
  c->bias = bias;
  c->y0 = y;
  c->y1 = pixels > 1 ? y + out_c : y;
  c->y2 = pixels > 2 ? y + 2 * out_c : y;
  c->y3 = pixels > 3 ? y + 3 * out_c : y;
  c->requant = eq_dsp_requant(requant);
}

/* All output channels of the `pixels` (1 to 4) pixels in the panel; y is the first pixel's output. */
static EQ_INLINE void eq_dsp_panel_product(const uint32_t *panel, const uint32_t *weights, int32_t quads,
                                           const int32_t *bias, const eq_requant_t *requant, int32_t out_c, int8_t *y,
                                           int32_t pixels, eq_requant_form_t form) {
  eq_dsp_product_t c;
  eq_dsp_operands(&c, panel, weights, quads, bias, requant, out_c, y, pixels);
  c.count = (quads - 1) % EQ_DSP_DRAIN_QUADS + 1;
  int32_t o = 0;
  const int32_t has_pairs = form == EQ_REQUANT_HIGH || form == EQ_REQUANT_LINE;
  if (has_pairs && !c.requant.narrow && quads <= EQ_DSP_DRAIN_QUADS && out_c >= 2) {
    eq_dsp_pairs_t all = {panel, weights, quads, bias, requant->multiplier, requant->output_zero_point, 0,
                          {c.y0, c.y1, c.y2, c.y3}, out_c / 2, 0, requant->offset, requant->shift};
    if (form == EQ_REQUANT_HIGH) {
      eq_dsp_pairs_high(&all);
    } else {
      eq_dsp_pairs_line(&all);
    }
    c.weights = all.weights;
    o = out_c & ~1;
  }
  for (; o + 2 <= out_c; o += 2) {
    eq_dsp_pair(&c, o, 1, form);
  }
  if (o < out_c) {
    eq_dsp_pair(&c, o, 0, form);
  }
}

#endif
