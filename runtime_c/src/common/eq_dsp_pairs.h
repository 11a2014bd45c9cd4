/* The common case of eq_dsp_panel.h in one piece of assembly: all pairs of output channels of four pixels,
 * requantized in registers. */
#ifndef EQ_DSP_PAIRS_H
#define EQ_DSP_PAIRS_H

#include <stddef.h>
#include <stdint.h>

enum { EQ_DSP_DRAIN_QUADS = 128, EQ_DSP_PANEL_PIXELS = 4, EQ_DSP_PANEL_WORDS = 2 * EQ_DSP_PANEL_PIXELS };

/* Half a quad: 2 bytes of four pixels times two channels, 12 instructions for 16 products. `widen`: how the even
 * channel's weights get out of the pair, SXTB16 or UXTB16. */
#define EQ_DSP_HALF_QUAD_BY(widen) \
  "ldr r2, [r1], #4\n\t"       \
  "ldrd r12, lr, [r0], #8\n\t" \
  widen " r3, r2\n\t"         \
  "smlad r4, r12, r3, r4\n\t"  \
  "smlad r8, r12, r2, r8\n\t"  \
  "smlad r5, lr, r3, r5\n\t"   \
  "smlad r9, lr, r2, r9\n\t"   \
  "ldrd r12, lr, [r0], #8\n\t" \
  "smlad r6, r12, r3, r6\n\t"  \
  "smlad r10, r12, r2, r10\n\t" \
  "smlad r7, lr, r3, r7\n\t"   \
  "smlad r11, lr, r2, r11\n\t"

#define EQ_DSP_HALF_QUAD EQ_DSP_HALF_QUAD_BY("sxtb16")

/* Sums in r4-r11 to values that saturate to the outputs, for EQ_REQUANT_HIGH; r0 is the structure, r1 is kept. */
#define EQ_DSP_SCALE_HIGH         \
  "ldrd r3, lr, [r0, #16]\n\t"    \
  "ldrd r2, r12, [r3], #8\n\t"   \
  "str r3, [r0, #16]\n\t"        \
  "smmlar r4, r4, r2, lr\n\t"     \
  "smmlar r5, r5, r2, lr\n\t"     \
  "smmlar r6, r6, r2, lr\n\t"     \
  "smmlar r7, r7, r2, lr\n\t"     \
  "smmlar r8, r8, r12, lr\n\t"    \
  "smmlar r9, r9, r12, lr\n\t"    \
  "smmlar r10, r10, r12, lr\n\t"  \
  "smmlar r11, r11, r12, lr\n\t"

/* The same for EQ_REQUANT_LINE. */
#define EQ_DSP_SCALE_LINE        \
  "ldr r3, [r0, #16]\n\t"       \
  "ldr r12, [r0, #52]\n\t"      \
  "ldr r2, [r3], #4\n\t"        \
  "ldr lr, [r12], #4\n\t"       \
  "smmla r4, r4, r2, lr\n\t"    \
  "smmla r5, r5, r2, lr\n\t"    \
  "smmla r6, r6, r2, lr\n\t"    \
  "smmla r7, r7, r2, lr\n\t"    \
  "ldr r2, [r3], #4\n\t"        \
  "ldr lr, [r12], #4\n\t"       \
  "str r3, [r0, #16]\n\t"       \
  "str r12, [r0, #52]\n\t"      \
  "smmla r8, r8, r2, lr\n\t"    \
  "smmla r9, r9, r2, lr\n\t"    \
  "smmla r10, r10, r2, lr\n\t"  \
  "smmla r11, r11, r2, lr\n\t"  \
  "ldr r3, [r0, #56]\n\t"       \
  "ldrb r2, [r3], #1\n\t"       \
  "ldrb r12, [r3], #1\n\t"      \
  "str r3, [r0, #56]\n\t"       \
  "asr r4, r4, r2\n\t"          \
  "asr r5, r5, r2\n\t"          \
  "asr r6, r6, r2\n\t"          \
  "asr r7, r7, r2\n\t"          \
  "asr r8, r8, r12\n\t"         \
  "asr r9, r9, r12\n\t"         \
  "asr r10, r10, r12\n\t"       \
  "asr r11, r11, r12\n\t"

/* r4-r11 to int8. */
#define EQ_DSP_SATURATE           \
  "ssat r4, #8, r4\n\t"           \
  "ssat r5, #8, r5\n\t"           \
  "ssat r6, #8, r6\n\t"           \
  "ssat r7, #8, r7\n\t"           \
  "ssat r8, #8, r8\n\t"           \
  "ssat r9, #8, r9\n\t"           \
  "ssat r10, #8, r10\n\t"         \
  "ssat r11, #8, r11\n\t"

/* What eq_dsp_pairs_high and eq_dsp_pairs_line need; their assembly knows every member. */
typedef struct {
  const uint32_t *panel;
  const uint32_t *weights; /* advances, as do bias, multiplier, channel, pairs, offset and shift */
  int32_t quads;           /* 1 to EQ_DSP_DRAIN_QUADS */
  const int32_t *bias, *multiplier;
  int32_t zero_point;
  int32_t channel; /* even channel of the pair */
  int8_t *y[EQ_DSP_PANEL_PIXELS];
  int32_t pairs; /* left to do, at least one */
  int32_t odd_bias;
  const int32_t *offset; /* these two for EQ_REQUANT_LINE */
  const int8_t *shift;
} eq_dsp_pairs_t;

_Static_assert(offsetof(eq_dsp_pairs_t, quads) == 8 && offsetof(eq_dsp_pairs_t, bias) == 12 &&
                   offsetof(eq_dsp_pairs_t, multiplier) == 16 && offsetof(eq_dsp_pairs_t, zero_point) == 20 &&
                   offsetof(eq_dsp_pairs_t, channel) == 24 && offsetof(eq_dsp_pairs_t, y) == 28 &&
                   offsetof(eq_dsp_pairs_t, pairs) == 44 && offsetof(eq_dsp_pairs_t, odd_bias) == 48 &&
                   offsetof(eq_dsp_pairs_t, offset) == 52 && offsetof(eq_dsp_pairs_t, shift) == 56,
               "the assembly relies on these offsets");

/* Defines a function that does products, requantization by `scale` (range all of int8) and stores of c->pairs pairs of
 * channels. The common case in one piece of assembly: sums go from bias to byte in registers. */
#define EQ_DSP_PAIRS(name, scale)                                                                        \
  __attribute__((naked, noinline, unused)) static void name(eq_dsp_pairs_t *c __attribute__((unused))) { \
    __asm__ volatile(                                                                                    \
        "push {r4-r11, lr}\n\t"                                                                          \
        "sub sp, #12\n\t"                                                                                \
        "str r0, [sp]\n\t"                                                                               \
        "mov r12, r0\n\t"                                                                                \
        "ldr r1, [r0, #4]\n"                                                                             \
        "1:\n\t"                                                                                         \
        "ldr r2, [r12, #8]\n\t"                                                                          \
        "ldr r3, [r12, #12]\n\t"                                                                         \
        "ldr r0, [r12]\n\t"                                                                              \
        "add lr, r1, r2, lsl #3\n\t" /* the pair's end in the weights: 8 bytes a quad */                 \
        "str lr, [sp, #4]\n\t"                                                                           \
        "ldrd r4, r5, [r3], #8\n\t"                                                                      \
        "str r3, [r12, #12]\n\t"                                                                         \
        "str r5, [r12, #48]\n\t"                                                                         \
        "mov r5, r4\n\t"                                                                                 \
        "mov r6, r4\n\t"                                                                                 \
        "mov r7, r4\n\t"                                                                                 \
        "mov r8, r4\n\t"                                                                                 \
        "mov r9, r4\n\t"                                                                                 \
        "mov r10, r4\n\t"                                                                                \
        "mov r11, r4\n\t"                                                                                \
        "lsls r2, r2, #31\n\t"                                                                           \
        "bmi 3f\n"                                                                                       \
        "2:\n\t" EQ_DSP_HALF_QUAD EQ_DSP_HALF_QUAD                                                       \
        "\n3:\n\t" EQ_DSP_HALF_QUAD EQ_DSP_HALF_QUAD                                                     \
        "ldr r12, [sp, #4]\n\t"                                                                          \
        "cmp r1, r12\n\t"                                                                                \
        "bne 2b\n\t"                                                                                     \
        "ldr r0, [sp]\n\t"                                                                               \
        "ldr r2, [r0, #48]\n\t" /* odd = bias + (mixed - even) / 256 */                                  \
        "sub r8, r8, r4\n\t"                                                                             \
        "sub r9, r9, r5\n\t"                                                                             \
        "sub r10, r10, r6\n\t"                                                                           \
        "sub r11, r11, r7\n\t"                                                                           \
        "add r8, r2, r8, asr #8\n\t"                                                                     \
        "add r9, r2, r9, asr #8\n\t"                                                                     \
        "add r10, r2, r10, asr #8\n\t"                                                                   \
        "add r11, r2, r11, asr #8\n\t"                                                                   \
        scale EQ_DSP_SATURATE                                                                            \
        "ldrd r2, r3, [r0, #24]\n\t" /* channel, y0 */                                                   \
        "ldrd r12, lr, [r0, #36]\n\t" /* y2, y3 */                                                       \
        "bfi r7, r11, #8, #8\n\t"                                                                        \
        "strh r7, [lr, r2]\n\t"                                                                          \
        "bfi r6, r10, #8, #8\n\t"                                                                        \
        "strh r6, [r12, r2]\n\t"                                                                         \
        "ldr r12, [r0, #32]\n\t" /* y1 */                                                                \
        "bfi r5, r9, #8, #8\n\t"                                                                         \
        "strh r5, [r12, r2]\n\t"                                                                         \
        "bfi r4, r8, #8, #8\n\t"                                                                         \
        "strh r4, [r3, r2]\n\t"                                                                          \
        "add r2, #2\n\t"                                                                                 \
        "str r2, [r0, #24]\n\t"                                                                          \
        "ldr r2, [r0, #44]\n\t"                                                                          \
        "mov r12, r0\n\t"                                                                                \
        "subs r2, #1\n\t"                                                                                \
        "str r2, [r0, #44]\n\t"                                                                          \
        "bne 1b\n\t"                                                                                     \
        "str r1, [r0, #4]\n\t"                                                                           \
        "add sp, #12\n\t"                                                                                \
        "pop {r4-r11, pc}");                                                                             \
  }

EQ_DSP_PAIRS(eq_dsp_pairs_high, EQ_DSP_SCALE_HIGH)

EQ_DSP_PAIRS(eq_dsp_pairs_line, EQ_DSP_SCALE_LINE)

#endif
