/* Input transform and products of the DSP kernel of Winograd F(2x2, 3x3); see eq_conv2d_s8_winograd2x2_dsp.c. */
#ifndef EQ_WINOGRAD_DSP_H
#define EQ_WINOGRAD_DSP_H

#include "eq_dsp.h"
#include "eq_winograd.h"

/* Sums of one position: two output channels of four tiles. */
#define EQ_WINOGRAD_PRODUCTS_DSP (2 * EQ_WINOGRAD_TILES)

static EQ_INLINE uint32_t eq_dsp_sadd16(uint32_t a, uint32_t b) {
  uint32_t sum;
  __asm__("sadd16 %0, %1, %2" : "=r"(sum) : "r"(a), "r"(b));
  return sum;
}

static EQ_INLINE uint32_t eq_dsp_ssub16(uint32_t a, uint32_t b) {
  uint32_t difference;
  __asm__("ssub16 %0, %1, %2" : "=r"(difference) : "r"(a), "r"(b));
  return difference;
}

/* Four values down a column of a tile. */
typedef struct {
  uint32_t r0, r1, r2, r3;
} eq_tile_column_t;

/* B^T times the column at x; channels 0 and 2 of the quad there, or 1 and 3 if `odd` (a compile-time constant). */
static EQ_INLINE eq_tile_column_t eq_winograd_column(const int8_t *x, int32_t row_step, int32_t odd) {
  uint32_t d0 = eq_dsp_load(x), d1 = eq_dsp_load(x + row_step), d2 = eq_dsp_load(x + 2 * row_step);
  uint32_t d3 = eq_dsp_load(x + 3 * row_step);
  d0 = odd ? eq_dsp_sxtb16_ror8(d0) : eq_dsp_sxtb16(d0);
  d1 = odd ? eq_dsp_sxtb16_ror8(d1) : eq_dsp_sxtb16(d1);
  d2 = odd ? eq_dsp_sxtb16_ror8(d2) : eq_dsp_sxtb16(d2);
  d3 = odd ? eq_dsp_sxtb16_ror8(d3) : eq_dsp_sxtb16(d3);
  return (eq_tile_column_t){eq_dsp_ssub16(d0, d2), eq_dsp_sadd16(d1, d2), eq_dsp_ssub16(d2, d1), eq_dsp_ssub16(d1, d3)};
}

static EQ_INLINE void eq_winograd_put(uint32_t *u, uint32_t r0, uint32_t r1, uint32_t r2, uint32_t r3) {
  u[0] = r0;
  u[EQ_WINOGRAD_TILES] = r1;
  u[2 * EQ_WINOGRAD_TILES] = r2;
  u[3 * EQ_WINOGRAD_TILES] = r3;
}

/* B^T d B of two channels. The order of columns keeps at most two of them in registers. */
static EQ_INLINE void eq_winograd_pair(const int8_t *x, int32_t row_step, int32_t step, uint32_t *u, int32_t odd) {
  const eq_tile_column_t c = eq_winograd_column(x + 2 * step, row_step, odd);
  const eq_tile_column_t a = eq_winograd_column(x, row_step, odd);
  eq_winograd_put(u, eq_dsp_ssub16(a.r0, c.r0), eq_dsp_ssub16(a.r1, c.r1), eq_dsp_ssub16(a.r2, c.r2),
                  eq_dsp_ssub16(a.r3, c.r3));
  __asm__ volatile("" : : : "memory");
  const eq_tile_column_t b = eq_winograd_column(x + step, row_step, odd);
  eq_winograd_put(u + 4 * EQ_WINOGRAD_TILES, eq_dsp_sadd16(b.r0, c.r0), eq_dsp_sadd16(b.r1, c.r1),
                  eq_dsp_sadd16(b.r2, c.r2), eq_dsp_sadd16(b.r3, c.r3));
  eq_winograd_put(u + 8 * EQ_WINOGRAD_TILES, eq_dsp_ssub16(c.r0, b.r0), eq_dsp_ssub16(c.r1, b.r1),
                  eq_dsp_ssub16(c.r2, b.r2), eq_dsp_ssub16(c.r3, b.r3));
  __asm__ volatile("" : : : "memory");
  const eq_tile_column_t d = eq_winograd_column(x + 3 * step, row_step, odd);
  eq_winograd_put(u + 12 * EQ_WINOGRAD_TILES, eq_dsp_ssub16(b.r0, d.r0), eq_dsp_ssub16(b.r1, d.r1),
                  eq_dsp_ssub16(b.r2, d.r2), eq_dsp_ssub16(b.r3, d.r3));
}

/* One tile of all channels; pixels are `step` bytes apart. */
static EQ_INLINE void eq_winograd_input_dsp(const int8_t *x, int32_t row_step, int32_t step, uint32_t *u) {
  for (int32_t c = 0; c < step; c += 4) {
    eq_winograd_pair(x, row_step, step, u, 0);
    eq_winograd_pair(x, row_step, step, u + 16 * EQ_WINOGRAD_TILES, 1);
    x += 4;
    u += 32 * EQ_WINOGRAD_TILES;
  }
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

/* All positions of two output channels of four tiles: m[16][2][4] = sums over `pairs` (an even number) of
 * u[pairs][16][4] times weights[16][pairs][2]. Returns the weights after these. In assembly, because the loop fills
 * fourteen registers. The first pair of a position needs no sums to add to; the others enter the eight steps of the loop
 * so that it ends with whole turns. */
__attribute__((naked, noinline)) static const uint32_t *eq_winograd_products_dsp(
    const uint32_t *u __attribute__((unused)), const uint32_t *weights __attribute__((unused)),
    int32_t *m __attribute__((unused)), int32_t pairs __attribute__((unused))) {
  __asm__ volatile(
      "push {r4-r11, lr}\n\t"
      "sub sp, #20\n\t"
      "mov r12, r0\n\t"
      "mov lr, r1\n\t"
      "lsl r4, r3, #3\n\t" /* a position's weights: end and bytes, at sp */
      "add r5, lr, r4\n\t"
      "strd r5, r4, [sp]\n\t"
      "add r6, r2, #512\n\t" /* products: next and end, at sp + 8 */
      "strd r2, r6, [sp, #8]\n\t"
      "subs r3, #1\n\t" /* where the loop is entered, at sp + 16: at step (8 - (pairs - 1) % 8) % 8 */
      "rsb r3, r3, #0\n\t"
      "and r3, r3, #7\n\t"
      "mov r4, #44\n\t"
      "adr.w r5, 2f\n\t"
      "mla r5, r3, r4, r5\n\t"
      "orr r5, r5, #1\n\t"
      "str r5, [sp, #16]\n"
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
      "2:\n\t" EQ_WINOGRAD_STEP EQ_WINOGRAD_STEP EQ_WINOGRAD_STEP EQ_WINOGRAD_STEP
      EQ_WINOGRAD_STEP EQ_WINOGRAD_STEP EQ_WINOGRAD_STEP EQ_WINOGRAD_STEP
      "ldrd r8, r10, [sp]\n\t"
      "cmp lr, r8\n\t"
      "bne.w 2b\n\t"
      "ldrd r9, r11, [sp, #8]\n\t"
      "add r8, r8, r10\n\t"
      "str r8, [sp]\n\t"
      "sub r12, r12, r10, lsl #5\n\t" /* 256 bytes a pair; the next position is 16 bytes on */
      "add r12, r12, #16\n\t"
      "stmia r9!, {r0-r7}\n\t"
      "cmp r9, r11\n\t"
      "str r9, [sp, #8]\n\t"
      "bne.w 1b\n\t"
      "mov r0, lr\n\t"
      "add sp, #20\n\t"
      "pop {r4-r11, pc}");
}

#endif
