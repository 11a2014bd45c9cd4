/* binary_conv2d, Armv8.1-M MVE. The header states the contract. A vector holds a word of four channels; bits are counted
 * as in eq_binary_conv2d_scalar.c. */
#include "eq_binary_conv2d.h"
#include "eq_mve.h"

/* A byte's count grows by 24 a turn and by 8 for each of two words more: 9 turns stay below 256. */
enum { TURNS = 9 };

/* Bits of every four bits. */
static EQ_INLINE uint8x16_t nibble_counts(uint8x16_t v) {
  v = vsubq_u8(v, vandq_u8(vshrq_n_u8(v, 1), vdupq_n_u8(0x55)));
  return vaddq_u8(vandq_u8(v, vdupq_n_u8(0x33)), vandq_u8(vshrq_n_u8(v, 2), vdupq_n_u8(0x33)));
}

/* Sums of the two halves of every byte. */
static EQ_INLINE uint8x16_t to_bytes(uint8x16_t v) {
  return vaddq_u8(vandq_u8(v, vdupq_n_u8(0x0f)), vshrq_n_u8(v, 4));
}

static EQ_INLINE uint8x16_t count_three(uint8x16_t a, uint8x16_t b, uint8x16_t c) {
  const uint8x16_t u = veorq_u8(a, b), carry = vorrq_u8(vandq_u8(a, b), vandq_u8(u, c));
  return to_bytes(vaddq_u8(nibble_counts(veorq_u8(u, c)), vshlq_n_u8(nibble_counts(carry), 1)));
}

/* Sum of the four bytes of each word. */
static EQ_INLINE uint32x4_t sums_of_bytes(uint8x16_t v) {
  const uint16x8_t halves = vaddq_u16(vandq_u16((uint16x8_t)v, vdupq_n_u16(0xff)), vshrq_n_u16((uint16x8_t)v, 8));
  return vaddq_u32(vandq_u32((uint32x4_t)halves, vdupq_n_u32(0xffff)), vshrq_n_u32((uint32x4_t)halves, 16));
}

/* The bits in which a word of the pixel and those of four channels differ. */
static EQ_INLINE uint8x16_t bits(uint32_t x, const uint32_t *w) {
  return (uint8x16_t)veorq_u32(vdupq_n_u32(x), vldrwq_u32(w));
}

static EQ_INLINE uint32x4_t differing(const uint32_t *x, const uint32_t *w, int32_t words) {
  uint32x4_t total = vdupq_n_u32(0);
  uint8x16_t bytes = vdupq_n_u8(0);
  for (int32_t turn = 0; words >= 3; words -= 3) {
    bytes = vaddq_u8(bytes, count_three(bits(x[0], w), bits(x[1], w + 4), bits(x[2], w + 8)));
    x += 3;
    w += 12;
    if (++turn == TURNS) {
      total = vaddq_u32(total, sums_of_bytes(bytes));
      bytes = vdupq_n_u8(0);
      turn = 0;
    }
  }
  for (; words > 0; words--) {
    bytes = vaddq_u8(bytes, to_bytes(nibble_counts(bits(*x++, w))));
    w += 4;
  }
  return vaddq_u32(total, sums_of_bytes(bytes));
}

static EQ_INLINE void group(const eq_binary_conv2d_t *p, const uint32_t *x, const int32_t *base, const uint32_t *w,
                            int32_t words, int32_t o, int8_t *y) {
  const int32x4_t scaled = vmulq_s32((int32x4_t)differing(x, w, words), vldrwq_s32(p->step + o));
  const int32x4_t v = vshrq_n_s32(vsubq_s32(vldrwq_s32(base), scaled), 16);
  const int32x4_t clamped = vminq_s32(vmaxq_s32(v, vdupq_n_s32(p->act_min)), vdupq_n_s32(p->act_max));
  vstrbq_p_s32(y + o, clamped, vctp32q((uint32_t)(p->out_c - o)));
}

/* A comparison gives four bits a lane. */
static EQ_INLINE uint32_t signs(const uint32_t *x, const int32_t *base, const uint32_t *w, int32_t words) {
  const int32x4_t v = vaddq_s32((int32x4_t)differing(x, w, words), vldrwq_s32(base));
  const uint32_t lanes = vcmpltq_n_s32(v, 0);
  return ((lanes & 0x1111u) * 0x1248u) >> 12 & 15u;
}

#include "eq_binary_conv2d_run.h"

EQ_BINARY_CONV2D_PROTOTYPE(eq_binary_conv2d_mve, int8_t) { conv2d(p, input, output, scratch, range); }
EQ_BINARY_CONV2D_PROTOTYPE(eq_binary_conv2d_bits_mve, uint32_t) { conv2d_bits(p, input, output, scratch, range); }
