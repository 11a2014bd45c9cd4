/* Input transform and products of the DSP kernel of Winograd F(2x2, 3x3); see eq_conv2d_s8_winograd2x2_dsp.c. */
#ifndef EQ_WINOGRAD_DSP_H
#define EQ_WINOGRAD_DSP_H

#include <stddef.h>

#include "eq_dsp.h"
#include "eq_winograd.h"

/* Sums of one position: two output channels of four tiles. */
#define EQ_WINOGRAD_PRODUCTS_DSP (2 * EQ_WINOGRAD_TILES)

/* Loads of a tile's column at r0, rows r1 apart (r12: three rows), channels 0 and 2 of the quad there, or 1 and 3 with
 * `ror`; then B^T times the column, which ends in w0, t, w2, w3. */
#define EQ_WINOGRAD_LINE(w0, w1, w2, w3, t, ror) \
  "ldr " w0 ", [r0]\n\t"                         \
  "ldr " w1 ", [r0, r1]\n\t"                     \
  "ldr " w2 ", [r0, r1, lsl #1]\n\t"             \
  "ldr " w3 ", [r0, r12]\n\t"                    \
  "sxtb16 " w0 ", " w0 ror "\n\t"                \
  "sxtb16 " w1 ", " w1 ror "\n\t"                \
  "sxtb16 " w2 ", " w2 ror "\n\t"                \
  "sxtb16 " w3 ", " w3 ror "\n\t"                \
  "ssub16 " w0 ", " w0 ", " w2 "\n\t"            \
  "sadd16 " t ", " w1 ", " w2 "\n\t"             \
  "ssub16 " w2 ", " w2 ", " w1 "\n\t"            \
  "ssub16 " w3 ", " w1 ", " w3 "\n\t"

/* x = a <op> b, stored at r3 + offset. */
#define EQ_WINOGRAD_PUT(op, x, a, b, offset) op " " x ", " a ", " b "\n\tstr " x ", [r3, #" #offset "]\n\t"

/* Input transform of a tile of all channels. x: first pixel; rows row_step, pixels step bytes apart; u[pairs][16
 * positions, column by column][EQ_WINOGRAD_TILES], with the tile chosen. In assembly, because it just fits the
 * registers: r4-r11 and lr hold two columns and a temporary. Even pairs take the columns in the order 0 2 1 3,
 * odd ones 3 1 2 0. */
__attribute__((naked, noinline)) static void eq_winograd_input_dsp(const int8_t *x __attribute__((unused)),
                                                                   int32_t row_step __attribute__((unused)),
                                                                   int32_t step __attribute__((unused)),
                                                                   uint32_t *u __attribute__((unused))) {
  __asm__ volatile(
      "push {r4-r11, lr}\n\t"
      "sub sp, #4\n\t"
      "add r4, r0, r2\n\t" /* the first pixel's end */
      "str r4, [sp]\n\t"
      "add r12, r1, r1, lsl #1\n"
      "1:\n\t" EQ_WINOGRAD_LINE("r4", "r5", "r6", "r7", "lr", "")
      "add r0, r0, r2, lsl #1\n\t" EQ_WINOGRAD_LINE("r8", "r9", "r10", "r11", "r5", "")
      EQ_WINOGRAD_PUT("ssub16", "r4", "r4", "r8", 0)
      EQ_WINOGRAD_PUT("ssub16", "lr", "lr", "r5", 16)
      EQ_WINOGRAD_PUT("ssub16", "r6", "r6", "r10", 32)
      EQ_WINOGRAD_PUT("ssub16", "r7", "r7", "r11", 48)
      "sub r0, r0, r2\n\t" EQ_WINOGRAD_LINE("r4", "r6", "r7", "r9", "lr", "")
      EQ_WINOGRAD_PUT("sadd16", "r6", "r4", "r8", 64)
      EQ_WINOGRAD_PUT("sadd16", "r6", "lr", "r5", 80)
      EQ_WINOGRAD_PUT("sadd16", "r6", "r7", "r10", 96)
      EQ_WINOGRAD_PUT("sadd16", "r6", "r9", "r11", 112)
      EQ_WINOGRAD_PUT("ssub16", "r8", "r8", "r4", 128)
      EQ_WINOGRAD_PUT("ssub16", "r5", "r5", "lr", 144)
      EQ_WINOGRAD_PUT("ssub16", "r10", "r10", "r7", 160)
      EQ_WINOGRAD_PUT("ssub16", "r11", "r11", "r9", 176)
      "add r0, r0, r2, lsl #1\n\t" EQ_WINOGRAD_LINE("r8", "r5", "r10", "r11", "r6", "")
      EQ_WINOGRAD_PUT("ssub16", "r8", "r4", "r8", 192)
      EQ_WINOGRAD_PUT("ssub16", "r6", "lr", "r6", 208)
      EQ_WINOGRAD_PUT("ssub16", "r10", "r7", "r10", 224)
      EQ_WINOGRAD_PUT("ssub16", "r11", "r9", "r11", 240)
      EQ_WINOGRAD_LINE("r4", "r5", "r6", "r7", "lr", ", ror #8")
      "sub r0, r0, r2, lsl #1\n\t" EQ_WINOGRAD_LINE("r8", "r9", "r10", "r11", "r5", ", ror #8")
      EQ_WINOGRAD_PUT("ssub16", "r4", "r8", "r4", 448)
      EQ_WINOGRAD_PUT("ssub16", "lr", "r5", "lr", 464)
      EQ_WINOGRAD_PUT("ssub16", "r6", "r10", "r6", 480)
      EQ_WINOGRAD_PUT("ssub16", "r7", "r11", "r7", 496)
      "add r0, r0, r2\n\t" EQ_WINOGRAD_LINE("r4", "r6", "r7", "r9", "lr", ", ror #8")
      EQ_WINOGRAD_PUT("sadd16", "r6", "r4", "r8", 320)
      EQ_WINOGRAD_PUT("sadd16", "r6", "lr", "r5", 336)
      EQ_WINOGRAD_PUT("sadd16", "r6", "r7", "r10", 352)
      EQ_WINOGRAD_PUT("sadd16", "r6", "r9", "r11", 368)
      EQ_WINOGRAD_PUT("ssub16", "r8", "r4", "r8", 384)
      EQ_WINOGRAD_PUT("ssub16", "r5", "lr", "r5", 400)
      EQ_WINOGRAD_PUT("ssub16", "r10", "r7", "r10", 416)
      EQ_WINOGRAD_PUT("ssub16", "r11", "r9", "r11", 432)
      "sub r0, r0, r2, lsl #1\n\t" EQ_WINOGRAD_LINE("r8", "r5", "r10", "r11", "r6", ", ror #8")
      EQ_WINOGRAD_PUT("ssub16", "r8", "r8", "r4", 256)
      EQ_WINOGRAD_PUT("ssub16", "r6", "r6", "lr", 272)
      EQ_WINOGRAD_PUT("ssub16", "r10", "r10", "r7", 288)
      EQ_WINOGRAD_PUT("ssub16", "r11", "r11", "r9", 304)
      "ldr r4, [sp]\n\t"
      "add r0, r0, #4\n\t"
      "add r3, r3, #512\n\t"
      "cmp r0, r4\n\t"
      "blo.w 1b\n\t"
      "add sp, #4\n\t"
      "pop {r4-r11, pc}");
}

/* One pair of input channels: two output channels (r0-r3, r4-r7) of four tiles. 44 bytes of code, which the entry below
 * relies on. */
#define EQ_WINOGRAD_STEP         \
  "ldrd r8, r9, [lr], #8\n\t"    \
  "ldrd r10, r11, [r12], #8\n\t" \
  "smlad r0, r10, r8, r0\n\t"    \
  "smlad r4, r10, r9, r4\n\t"    \
  "smlad r1, r11, r8, r1\n\t"    \
  "smlad r5, r11, r9, r5\n\t"    \
  "ldrd r10, r11, [r12], #248\n\t" \
  "smlad r2, r10, r8, r2\n\t"    \
  "smlad r6, r10, r9, r6\n\t"    \
  "smlad r3, r11, r8, r3\n\t"    \
  "smlad r7, r11, r9, r7\n\t"

#define EQ_WINOGRAD_STEPS4 EQ_WINOGRAD_STEP EQ_WINOGRAD_STEP EQ_WINOGRAD_STEP EQ_WINOGRAD_STEP

/* What eq_winograd_pairs needs; its assembly knows every member. */
typedef struct {
  const uint32_t *u;       /* [pairs][16][EQ_WINOGRAD_TILES] */
  const uint32_t *weights; /* [16][pairs][2] of the next two output channels; advances, as do bias and multiplier */
  int32_t *m;              /* [16][2][EQ_WINOGRAD_TILES] */
  int32_t pairs;           /* of input channels, an even number */
  const int32_t *bias, *multiplier;
  int32_t zero_point;
  eq_place_t *places; /* whose y advances */
  const eq_place_t *end;
  int32_t channels; /* output channels to finish, or 0 */
} eq_winograd_pairs_t;

_Static_assert(offsetof(eq_winograd_pairs_t, weights) == 4 && offsetof(eq_winograd_pairs_t, m) == 8 &&
                   offsetof(eq_winograd_pairs_t, pairs) == 12 && offsetof(eq_winograd_pairs_t, bias) == 16 &&
                   offsetof(eq_winograd_pairs_t, multiplier) == 20 && offsetof(eq_winograd_pairs_t, zero_point) == 24 &&
                   offsetof(eq_winograd_pairs_t, places) == 28 && offsetof(eq_winograd_pairs_t, end) == 32 &&
                   offsetof(eq_winograd_pairs_t, channels) == 36 && offsetof(eq_place_t, row_step) == 4 &&
                   offsetof(eq_place_t, step) == 8 && sizeof(eq_place_t) == 12,
               "the assembly in eq_winograd_pairs relies on these offsets");

/* Four sums of a tile's column. The first address is m + 4, as m has been moved on to the next tile by then. */
#define EQ_WINOGRAD_COLUMN(first, o1, o2, o3) \
  "ldr r4, [r0" first "\n\t"                     \
  "ldr r5, [r0, #" #o1 "]\n\t"                   \
  "ldr r6, [r0, #" #o2 "]\n\t"                   \
  "ldr r7, [r0, #" #o3 "]\n\t"

/* With channels == 0: the sums of the next two output channels, in m. Otherwise all channels that are left, two at a
 * time, to their places: EQ_REQUANT_HIGH with the range of int8, the common case in one piece of assembly.
 *
 * Products: a position's first pair needs no sums to add to; the others enter the sixteen steps of the loop so that it
 * ends with whole turns. Outputs: r8, r9 the upper ones of a tile, r10, r11 the lower ones.
 * At sp: end of a position's weights, next sums, step back in u (256 bytes a pair; the next position is 16 bytes on),
 * end of the sums, where the loop is entered, where it ends, a position's bytes of weights, m of the channel, c. */
__attribute__((naked, noinline)) static void eq_winograd_pairs(eq_winograd_pairs_t *c __attribute__((unused))) {
  __asm__ volatile(
      "push {r0, r4-r11, lr}\n\t"
      "sub sp, #32\n\t"
      "ldr r12, [r0]\n\t"
      "ldrd lr, r5, [r0, #4]\n\t"
      "ldr r3, [r0, #12]\n\t"
      "lsl r8, r3, #3\n\t"
      "add r4, lr, r8\n\t"
      "lsl r6, r3, #8\n\t"
      "sub r6, r6, #16\n\t"
      "add r7, r5, #512\n\t"
      "stm sp, {r4-r7}\n\t"
      "rsb r4, r3, #1\n\t" /* step (16 - (pairs - 1) % 16) % 16 */
      "and r4, r4, #15\n\t"
      "mov r6, #44\n\t"
      "adr.w r5, 2f\n\t"
      "mla r4, r4, r6, r5\n\t"
      "adr.w r5, 3f\n\t"
      "adr.w r6, 4f\n\t"
      "cmp r3, #16\n\t"
      "it le\n\t"
      "movle r5, r6\n\t"
      "orr r4, r4, #1\n\t"
      "orr r5, r5, #1\n\t"
      "strd r4, r5, [sp, #16]\n\t"
      "str r8, [sp, #24]\n"
      "1:\n\t"
      "ldrd r8, r9, [lr], #8\n\t"
      "ldrd r10, r11, [r12], #8\n\t"
      "smuad r0, r10, r8\n\t"
      "smuad r4, r10, r9\n\t"
      "smuad r1, r11, r8\n\t"
      "smuad r5, r11, r9\n\t"
      "ldrd r10, r11, [r12], #248\n\t"
      "smuad r2, r10, r8\n\t"
      "smuad r6, r10, r9\n\t"
      "smuad r3, r11, r8\n\t"
      "smuad r7, r11, r9\n\t"
      "ldr pc, [sp, #16]\n\t"
      ".balign 4\n"
      "2:\n\t" EQ_WINOGRAD_STEPS4 EQ_WINOGRAD_STEPS4 EQ_WINOGRAD_STEPS4 EQ_WINOGRAD_STEPS4
      "ldr pc, [sp, #20]\n\t"
      ".balign 4\n"
      "3:\n\t" /* several turns */
      "ldr r8, [sp]\n\t"
      "cmp lr, r8\n\t"
      "bne.w 2b\n\t"
      "ldr r9, [sp, #24]\n\t"
      "add r8, r8, r9\n\t"
      "str r8, [sp]\n\t"
      ".balign 4\n"
      "4:\n\t"
      "ldrd r9, r10, [sp, #4]\n\t"
      "ldr r11, [sp, #12]\n\t"
      "sub r12, r12, r10\n\t"
      "stmia r9!, {r0-r7}\n\t"
      "str r9, [sp, #4]\n\t"
      "cmp r9, r11\n\t"
      "bne.w 1b\n\t"
      "ldr r6, [sp, #32]\n\t"
      "str lr, [r6, #4]\n\t"
      "ldr r0, [r6, #8]\n\t"
      "ldr r4, [r6, #36]\n\t"
      "cmp r4, #0\n\t"
      "beq.w 7f\n"
      "5:\n\t" /* one channel, from r0 */
      "str r0, [sp, #28]\n\t"
      "ldrd r4, r5, [r6, #16]\n\t"
      "ldr r1, [r4], #4\n\t"
      "ldr r2, [r5], #4\n\t"
      "strd r4, r5, [r6, #16]\n\t"
      "ldrd r3, r12, [r6, #24]\n\t"
      "ldr lr, [r6, #32]\n"
      "6:\n\t" EQ_WINOGRAD_COLUMN("], #4", 28, 60, 92)
      "add r8, r4, r5\n\t"
      "add r8, r8, r6\n\t"
      "sub r10, r5, r6\n\t"
      "sub r10, r10, r7\n\t" EQ_WINOGRAD_COLUMN(", #124]", 156, 188, 220)
      "add r9, r4, r5\n\t"
      "add r9, r9, r6\n\t"
      "add r8, r8, r9\n\t"
      "sub r11, r5, r6\n\t"
      "sub r11, r11, r7\n\t"
      "add r10, r10, r11\n\t" EQ_WINOGRAD_COLUMN(", #252]", 284, 316, 348)
      "add r4, r4, r5\n\t"
      "add r4, r4, r6\n\t"
      "add r8, r8, r4\n\t"
      "sub r9, r9, r4\n\t"
      "sub r5, r5, r6\n\t"
      "sub r5, r5, r7\n\t"
      "add r10, r10, r5\n\t"
      "sub r11, r11, r5\n\t" EQ_WINOGRAD_COLUMN(", #380]", 412, 444, 476)
      "add r4, r4, r5\n\t"
      "add r4, r4, r6\n\t"
      "sub r9, r9, r4\n\t"
      "sub r5, r5, r6\n\t"
      "sub r5, r5, r7\n\t"
      "sub r11, r11, r5\n\t"
      "add r8, r1, r8, asr #2\n\t"
      "add r9, r1, r9, asr #2\n\t"
      "add r10, r1, r10, asr #2\n\t"
      "add r11, r1, r11, asr #2\n\t"
      "smmlar r8, r8, r2, r3\n\t"
      "smmlar r9, r9, r2, r3\n\t"
      "smmlar r10, r10, r2, r3\n\t"
      "smmlar r11, r11, r2, r3\n\t"
      "ssat r8, #8, r8\n\t"
      "ssat r9, #8, r9\n\t"
      "ssat r10, #8, r10\n\t"
      "ssat r11, #8, r11\n\t"
      "ldm r12, {r4-r6}\n\t"
      "strb r9, [r4, r6]\n\t"
      "add r5, r5, r4\n\t"
      "strb r10, [r5]\n\t"
      "strb r11, [r5, r6]\n\t"
      "strb r8, [r4], #1\n\t"
      "str r4, [r12], #12\n\t"
      "cmp r12, lr\n\t"
      "bne.w 6b\n\t"
      "ldr r6, [sp, #32]\n\t"
      "ldr r4, [r6, #36]\n\t"
      "subs r4, #1\n\t"
      "str r4, [r6, #36]\n\t"
      "beq.w 7f\n\t"
      "ldr r4, [sp, #28]\n\t"
      "ldr r5, [r6, #8]\n\t"
      "add r0, r4, #16\n\t"
      "cmp r4, r5\n\t"
      "beq.w 5b\n\t"
      "ldrd r12, lr, [r6]\n\t" /* the next two channels */
      "ldr r8, [sp, #24]\n\t"
      "add r4, lr, r8\n\t"
      "strd r4, r5, [sp]\n\t"
      "b.w 1b\n"
      "7:\n\t"
      "add sp, #32\n\t"
      "pop {r0, r4-r11, pc}");
}

#endif
