/* binarize to packed signs, Armv8.1-M MVE. The header states the contract. A comparison of 16 channels gives their bits. */
#include "eq_binarize.h"
#include "eq_mve.h"

static EQ_INLINE uint32_t bits16(const int8_t *x, const int8_t *below, int32_t channels) {
  const mve_pred16_t lanes = vctp8q((uint32_t)channels);
  return vcmpgtq_m_s8(vldrbq_z_s8(x, lanes), vldrbq_s8(below), lanes);
}

static EQ_INLINE uint32_t word_of(const int8_t *x, const int8_t *below, int32_t channels) {
  const uint32_t low = bits16(x, below, channels);
  return channels > 16 ? low | bits16(x + 16, below + 16, channels - 16) << 16 : low;
}

#include "eq_binarize_bits_run.h"

void eq_binarize_s8_bits_mve(const eq_binarize_s8_t *p, const int8_t *restrict input, uint32_t *restrict output,
                             eq_range_t range) {
  binarize_bits(p, input, output, range);
}
