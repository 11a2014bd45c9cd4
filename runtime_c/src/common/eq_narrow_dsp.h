/* Products with weights of less than 8 bits (eq_narrow.h), Armv7E-M DSP: a panel of four pixels, or one vector, times
 * pairs of output channels.
 *
 * Order: [pair of channels][words]; a word has in each of its 16-bit lanes the same fields for two inputs, those that a
 * halfword of the panel (eq_dsp_panel.h) holds: bytes 0 and 2, or 1 and 3, of a quad. Fields of the even channel are
 * unsigned, u; those of the odd one lie above them and are e of eq_narrow.h:
 *   EQ_INT4             a quad a word: byte k is e << 4 | u,  u = weight + 8
 *   EQ_INT2, EQ_TERNARY two quads: e << 2 | u from the top of the lane down for halves 0 .. 3,
 *                       u = (weight + 3) / 2 or weight + 1
 *   EQ_BINARY           four quads: e << 1 | u for halves 0 .. 7,  u = (1 - weight) / 2
 *   EQ_POW2             a quad: bytes for bytes 0 and 2 of the even and of the odd channel, then for bytes 1 and 3; the
 *                       first input's field (eq_narrow.h) in the lower half. A table has both weights as halfwords.
 * With both in the register, the mixed sum is (e << bits) + u times the inputs, and the even one is u times the inputs:
 * a load, a shift and two masks are all the unpacking, and S, the sum of the inputs, turns both into sums of weights.
 * Sums are drained every EQ_NARROW_DRAIN_QUADS quads so that fields at the top of a lane stay within 32 bits:
 * 480 * 128 * 2^15 < 2^31. */
#ifndef EQ_NARROW_DSP_H
#define EQ_NARROW_DSP_H

#include "eq_dsp_panel.h"
#include "eq_narrow.h"

enum { EQ_NARROW_DRAIN_QUADS = 120 };

/* Quads of inputs a word of weights has fields for. */
static EQ_INLINE int32_t eq_narrow_dsp_quads(eq_narrow_t type) {
  return eq_narrow_bits(type) == 4 ? 1 : type == EQ_BINARY ? 4 : 2;
}

/* Quads of n inputs, whole words. */
static EQ_INLINE int32_t eq_narrow_dsp_padded(int32_t n, eq_narrow_t type) {
  const int32_t quads = eq_narrow_dsp_quads(type);
  return (n + 4 * quads - 1) / (4 * quads) * quads;
}

/* A pair of channels' sums of weights from the sums that the loops make, and S. */
typedef struct {
  int32_t even, odd;
} eq_narrow_pair_t;

static EQ_INLINE eq_narrow_pair_t eq_narrow_dsp_pair(int32_t even, int32_t mixed, int32_t sum, eq_narrow_t type) {
  const int32_t odd = (int32_t)((uint32_t)mixed - (uint32_t)even);
  switch (type) {
    case EQ_INT4: return (eq_narrow_pair_t){even - 8 * sum, odd >> 4};
    case EQ_POW2: return (eq_narrow_pair_t){even, mixed};
    case EQ_INT2: return (eq_narrow_pair_t){(even >> 11) - 3 * sum, (odd >> 13) + sum};
    case EQ_TERNARY: return (eq_narrow_pair_t){(even >> 12) - sum, odd >> 14};
    default: return (eq_narrow_pair_t){sum - (even >> 13), (odd >> 14) + sum};
  }
}

/* Weights of EQ_POW2 by the byte with their two fields. */
#define EQ_POWER(field) (((field)&7) == 7 ? 0u : ((field)&8 ? 0u - (1u << ((field)&7)) : 1u << ((field)&7)) & 0xffffu)
#define EQ_POWERS(byte) (EQ_POWER((byte) >> 4) << 16 | EQ_POWER((byte)&15))
#define EQ_POWERS_4(byte) EQ_POWERS(byte), EQ_POWERS((byte) + 1), EQ_POWERS((byte) + 2), EQ_POWERS((byte) + 3)
#define EQ_POWERS_16(byte) \
  EQ_POWERS_4(byte), EQ_POWERS_4((byte) + 4), EQ_POWERS_4((byte) + 8), EQ_POWERS_4((byte) + 12)
#define EQ_POWERS_64(byte) \
  EQ_POWERS_16(byte), EQ_POWERS_16((byte) + 16), EQ_POWERS_16((byte) + 32), EQ_POWERS_16((byte) + 48)

__attribute__((used)) static const uint32_t eq_narrow_dsp_powers[256] = {EQ_POWERS_64(0), EQ_POWERS_64(64),
                                                                         EQ_POWERS_64(128), EQ_POWERS_64(192)};

/* Half a quad of four pixels (r0: panel) times mixed (r2) and even (r3) weights. */
#define EQ_NARROW_DSP_DOTS       \
  "ldrd r12, lr, [r0], #8\n\t"   \
  "smlad r4, r12, r3, r4\n\t"    \
  "smlad r8, r12, r2, r8\n\t"    \
  "smlad r5, lr, r3, r5\n\t"     \
  "smlad r9, lr, r2, r9\n\t"     \
  "ldrd r12, lr, [r0], #8\n\t"   \
  "smlad r6, r12, r3, r6\n\t"    \
  "smlad r10, r12, r2, r10\n\t"  \
  "smlad r7, lr, r3, r7\n\t"     \
  "smlad r11, lr, r2, r11\n\t"

#define EQ_NARROW_DSP_INT4            \
  "ldr r2, [r1]\n\t"                  \
  "sxtb16 r2, r2\n\t"                 \
  "and r3, r2, #0x000f000f\n\t"       \
  EQ_NARROW_DSP_DOTS                  \
  "ldr r2, [r1], #4\n\t"              \
  "sxtb16 r2, r2, ror #8\n\t"         \
  "and r3, r2, #0x000f000f\n\t"       \
  EQ_NARROW_DSP_DOTS

#define EQ_NARROW_DSP_HALF_POW2                      \
  "movw r12, #:lower16:eq_narrow_dsp_powers\n\t"    \
  "movt r12, #:upper16:eq_narrow_dsp_powers\n\t"    \
  "ldrb r2, [r1, #1]\n\t"                           \
  "ldrb r3, [r1], #2\n\t"                           \
  "ldr r2, [r12, r2, lsl #2]\n\t"                   \
  "ldr r3, [r12, r3, lsl #2]\n\t"                   \
  EQ_NARROW_DSP_DOTS

#define EQ_NARROW_DSP_POW2 EQ_NARROW_DSP_HALF_POW2 EQ_NARROW_DSP_HALF_POW2

#define EQ_NARROW_DSP_FIELDS(load, shift, mixed, even) \
  load "\n\t"                           \
  "lsl r2, r2, #" #shift "\n\t"         \
  "and r2, r2, #" #mixed "\n\t"         \
  "and r3, r2, #" #even "\n\t"          \
  EQ_NARROW_DSP_DOTS

/* Fields at the top of the lanes as they are. */
#define EQ_NARROW_DSP_TOP(mixed, even)  \
  "ldr r2, [r1]\n\t"                    \
  "and r2, r2, #" #mixed "\n\t"         \
  "and r3, r2, #" #even "\n\t"          \
  EQ_NARROW_DSP_DOTS

#define EQ_NARROW_DSP_2BIT                                                        \
  EQ_NARROW_DSP_TOP(0xf000f000, 0x30003000)                                       \
  EQ_NARROW_DSP_FIELDS("ldr r2, [r1]", 4, 0xf000f000, 0x30003000)                 \
  EQ_NARROW_DSP_FIELDS("ldr r2, [r1]", 8, 0xf000f000, 0x30003000)                 \
  EQ_NARROW_DSP_FIELDS("ldr r2, [r1], #4", 12, 0xf000f000, 0x30003000)

#define EQ_NARROW_DSP_BINARY                                                      \
  EQ_NARROW_DSP_TOP(0xc000c000, 0x40004000)                                       \
  EQ_NARROW_DSP_FIELDS("ldr r2, [r1]", 2, 0xc000c000, 0x40004000)                 \
  EQ_NARROW_DSP_FIELDS("ldr r2, [r1]", 4, 0xc000c000, 0x40004000)                 \
  EQ_NARROW_DSP_FIELDS("ldr r2, [r1]", 6, 0xc000c000, 0x40004000)                 \
  EQ_NARROW_DSP_FIELDS("ldr r2, [r1]", 8, 0xc000c000, 0x40004000)                 \
  EQ_NARROW_DSP_FIELDS("ldr r2, [r1]", 10, 0xc000c000, 0x40004000)                \
  EQ_NARROW_DSP_FIELDS("ldr r2, [r1]", 12, 0xc000c000, 0x40004000)                \
  EQ_NARROW_DSP_FIELDS("ldr r2, [r1], #4", 14, 0xc000c000, 0x40004000)

/* Defines a function that puts the sums of c->count words (`word` for each) into c->sums, four even and four mixed ones,
 * and moves c->weights on. In assembly for the reason of EQ_DSP_MULTIPLY. */
#define EQ_NARROW_DSP_MULTIPLY(name, word)                                                                 \
  __attribute__((naked, noinline, unused)) static void name(eq_dsp_product_t *c __attribute__((unused))) { \
    __asm__ volatile(                                                                                      \
        "push {r4-r11, lr}\n\t"                                                                            \
        "ldrd r1, r2, [r0, #4]\n\t"                                                                        \
        "add r3, r1, r2, lsl #2\n\t"                                                                       \
        "str r3, [r0, #4]\n\t"                                                                             \
        "push {r0, r3}\n\t"                                                                                \
        "ldr r0, [r0]\n\t"                                                                                 \
        "mov r4, #0\n\t"                                                                                   \
        "mov r5, r4\n\t"                                                                                   \
        "mov r6, r4\n\t"                                                                                   \
        "mov r7, r4\n\t"                                                                                   \
        "mov r8, r4\n\t"                                                                                   \
        "mov r9, r4\n\t"                                                                                   \
        "mov r10, r4\n\t"                                                                                  \
        "mov r11, r4\n"                                                                                    \
        "1:\n\t" word                                                                                      \
        "ldr r12, [sp, #4]\n\t"                                                                            \
        "cmp r1, r12\n\t"                                                                                  \
        "bne.w 1b\n\t"                                                                                     \
        "pop {r2, r3}\n\t"                                                                                 \
        "add r2, r2, #12\n\t"                                                                              \
        "stm r2, {r4-r11}\n\t"                                                                             \
        "pop {r4-r11, pc}");                                                                               \
  }

EQ_NARROW_DSP_MULTIPLY(eq_narrow_dsp_int4, EQ_NARROW_DSP_INT4)
EQ_NARROW_DSP_MULTIPLY(eq_narrow_dsp_2bit, EQ_NARROW_DSP_2BIT)
EQ_NARROW_DSP_MULTIPLY(eq_narrow_dsp_binary, EQ_NARROW_DSP_BINARY)
EQ_NARROW_DSP_MULTIPLY(eq_narrow_dsp_pow2, EQ_NARROW_DSP_POW2)

static EQ_INLINE void eq_narrow_dsp_multiply(eq_dsp_product_t *c, eq_narrow_t type) {
  if (type == EQ_INT4) {
    eq_narrow_dsp_int4(c);
  } else if (type == EQ_POW2) {
    eq_narrow_dsp_pow2(c);
  } else if (type == EQ_BINARY) {
    eq_narrow_dsp_binary(c);
  } else {
    eq_narrow_dsp_2bit(c);
  }
}

/* S of the four pixels over `quads` quads of a panel. */
static EQ_INLINE void eq_narrow_dsp_pixel_sums(const uint32_t *panel, int32_t quads, int32_t sums[4]) {
  int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  for (const uint32_t *const end = panel + quads * EQ_DSP_PANEL_WORDS; panel != end;) {
    uint32_t a, b;
    EQ_DSP_NEXT2(panel, a, b);
    s0 = eq_dsp_smlad(a, 0x00010001u, s0);
    s1 = eq_dsp_smlad(b, 0x00010001u, s1);
    EQ_DSP_NEXT2(panel, a, b);
    s2 = eq_dsp_smlad(a, 0x00010001u, s2);
    s3 = eq_dsp_smlad(b, 0x00010001u, s3);
  }
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
}

/* Sums of weights of one pair of channels for the four pixels, in parts of EQ_NARROW_DRAIN_QUADS; `of_pixels`: S of all
 * quads. */
static EQ_INLINE void eq_narrow_dsp_pair_sums(eq_dsp_product_t *c, const int32_t of_pixels[4], int32_t even[4],
                                              int32_t odd[4], eq_narrow_t type) {
  if (c->quads <= EQ_NARROW_DRAIN_QUADS) {
    c->count = c->quads / eq_narrow_dsp_quads(type);
    eq_narrow_dsp_multiply(c, type);
    for (int32_t i = 0; i < 4; i++) {
      const eq_narrow_pair_t pair = eq_narrow_dsp_pair(c->sums[i], c->sums[4 + i], of_pixels[i], type);
      even[i] += pair.even;
      odd[i] += pair.odd;
    }
    return;
  }
  const uint32_t *const panel = c->panel;
  for (int32_t left = c->quads; left > 0; left -= EQ_NARROW_DRAIN_QUADS) {
    const int32_t quads = left < EQ_NARROW_DRAIN_QUADS ? left : EQ_NARROW_DRAIN_QUADS;
    c->count = quads / eq_narrow_dsp_quads(type);
    eq_narrow_dsp_multiply(c, type);
    /* S is the whole vector's: it goes in with the last part. */
    for (int32_t i = 0; i < 4; i++) {
      const int32_t sum = left <= EQ_NARROW_DRAIN_QUADS ? of_pixels[i] : 0;
      const eq_narrow_pair_t pair = eq_narrow_dsp_pair(c->sums[i], c->sums[4 + i], sum, type);
      even[i] += pair.even;
      odd[i] += pair.odd;
    }
    c->panel += EQ_NARROW_DRAIN_QUADS * EQ_DSP_PANEL_WORDS;
  }
  c->panel = panel;
}

/* Products and stores of a pair of output channels, o and (if `both`, a compile-time constant) o + 1. */
static EQ_INLINE void eq_narrow_dsp_channels(eq_dsp_product_t *c, const int32_t of_pixels[4], int32_t o, int32_t both,
                                             eq_narrow_t type, eq_requant_form_t form) {
  const int32_t b0 = c->bias[o], b1 = both ? c->bias[o + 1] : 0;
  int32_t even[4] = {b0, b0, b0, b0}, odd[4] = {b1, b1, b1, b1};
  eq_narrow_dsp_pair_sums(c, of_pixels, even, odd, type);
  eq_dsp_store_pair(c, even, odd, o, both, form);
}

/* All output channels of the `pixels` (1 to 4) pixels in the panel, whose `quads` are whole words; y is the first
 * pixel's output. */
static EQ_INLINE void eq_narrow_dsp_product(const uint32_t *panel, const void *weights, int32_t quads,
                                            const int32_t *bias, const eq_requant_t *requant, int32_t out_c, int8_t *y,
                                            int32_t pixels, eq_narrow_t type, eq_requant_form_t form) {
  eq_dsp_product_t c;
  int32_t of_pixels[4];
  eq_dsp_operands(&c, panel, weights, quads, bias, requant, out_c, y, pixels);
  eq_narrow_dsp_pixel_sums(panel, quads, of_pixels);
  int32_t o = 0;
  for (; o + 2 <= out_c; o += 2) {
    eq_narrow_dsp_channels(&c, of_pixels, o, 1, type, form);
  }
  if (o < out_c) {
    eq_narrow_dsp_channels(&c, of_pixels, o, 0, type, form);
  }
}

#endif
