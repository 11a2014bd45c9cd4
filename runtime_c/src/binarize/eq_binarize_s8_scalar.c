/* binarize, portable C. The header states the contract. */
#include "eq_binarize.h"
#include "eq_inline.h"

void eq_binarize_s8_scalar(const eq_binarize_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                           eq_range_t range) {
  const int32_t channels = p->channels;
  for (int32_t row = range.begin; row < range.end; row++) {
    for (int32_t c = 0; c < channels; c++) {
      const int32_t always = (p->always[c / 32] >> (c % 32) & 1u) != 0;
      output[row * channels + c] = always || input[row * channels + c] > p->below[c] ? 64 : -64;
    }
  }
}

/* The sign bit of below - x, from the last channel to the first. */
static EQ_INLINE uint32_t word_of(const int8_t *x, const int8_t *below, int32_t channels) {
  uint32_t word = 0;
  for (int32_t c = channels - 1; c >= 0; c--) {
    word = word << 1 | (uint32_t)(below[c] - x[c]) >> 31;
  }
  return word;
}

#include "eq_binarize_bits_run.h"

void eq_binarize_s8_bits_scalar(const eq_binarize_s8_t *p, const int8_t *restrict input, uint32_t *restrict output,
                                eq_range_t range) {
  binarize_bits(p, input, output, range);
}
