/* binary_conv2d, Armv8.1-M MVE. The header states the contract. A vector holds a word of four channels; its bits are
 * counted to bytes, and the bytes added up every 31 words at the latest. */
#include "eq_binary_conv2d.h"
#include "eq_mve.h"

enum { EQ_BINARY_PIXELS = 2, WORDS_A_BYTE = 31 };

/* Bits of each byte. */
static EQ_INLINE uint8x16_t byte_counts(uint8x16_t v) {
  v = vsubq_u8(v, vandq_u8(vshrq_n_u8(v, 1), vdupq_n_u8(0x55)));
  v = vaddq_u8(vandq_u8(v, vdupq_n_u8(0x33)), vandq_u8(vshrq_n_u8(v, 2), vdupq_n_u8(0x33)));
  return vandq_u8(vaddq_u8(v, vshrq_n_u8(v, 4)), vdupq_n_u8(0x0f));
}

/* Sum of the four bytes of each word. */
static EQ_INLINE uint32x4_t sums_of_bytes(uint8x16_t v) {
  const uint16x8_t halves = vaddq_u16(vandq_u16((uint16x8_t)v, vdupq_n_u16(0xff)), vshrq_n_u16((uint16x8_t)v, 8));
  return vaddq_u32(vandq_u32((uint32x4_t)halves, vdupq_n_u32(0xffff)), vshrq_n_u32((uint32x4_t)halves, 16));
}

static EQ_INLINE uint32x4_t differing(const uint32_t *x, const uint32_t *w, int32_t words) {
  uint32x4_t total = vdupq_n_u32(0);
  while (words > 0) {
    uint8x16_t bytes = vdupq_n_u8(0);
    const int32_t part = words < WORDS_A_BYTE ? words : WORDS_A_BYTE;
    for (const uint32_t *const end = x + part; x != end; x++) {
      bytes = vaddq_u8(bytes, byte_counts((uint8x16_t)veorq_u32(vdupq_n_u32(*x), vldrwq_u32(w))));
      w += 4;
    }
    total = vaddq_u32(total, sums_of_bytes(bytes));
    words -= part;
  }
  return total;
}

static EQ_INLINE void group(const eq_requant_t *requant, const uint32_t *const x[], const int32_t *const base[],
                            const uint32_t *w, int32_t words, int32_t o, int32_t out_c, int8_t *const y[],
                            int32_t count, eq_requant_form_t form) {
  const eq_mve_requant_t q = eq_mve_requant(requant);
  const mve_pred16_t lanes = vctp32q((uint32_t)(out_c - o));
  const int32x4_t m = vldrwq_z_s32(q.multiplier + o, lanes);
  const eq_mve_scale_t k = {m, form == EQ_REQUANT_HIGH ? m : vldrbq_z_s32(q.shift + o, lanes), m};
  for (int32_t i = 0; i < count; i++) {
    const int32x4_t twice = (int32x4_t)vshlq_n_u32(differing(x[i], w, words), 1);
    const int32x4_t acc = vsubq_s32(vldrwq_z_s32(base[i] + o, lanes), twice);
    vstrbq_p_s32(y[i] + o, eq_mve_requantize(acc, k, &q, form), lanes);
  }
}

#include "eq_binary_conv2d_run.h"

EQ_BINARY_CONV2D_FUNCTIONS(mve)
