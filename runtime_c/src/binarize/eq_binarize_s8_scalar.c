/* binarize, portable C. The header states the contract. */
#include "eq_binarize.h"

void eq_binarize_s8_scalar(const eq_binarize_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                           eq_range_t range) {
  const int32_t channels = p->channels;
  for (int32_t row = range.begin; row < range.end; row++) {
    for (int32_t c = 0; c < channels; c++) {
      output[row * channels + c] = input[row * channels + c] >= p->threshold[c] ? 1 : -1;
    }
  }
}

/* The sign bit of threshold - x - 1 is 1 where x >= threshold. */
static inline uint32_t word_of(const int8_t *x, const int16_t *threshold, int32_t channels) {
  uint32_t word = 0;
  for (int32_t c = 0; c < channels; c++) {
    word |= (uint32_t)(threshold[c] - x[c] - 1) >> 31 << c;
  }
  return word;
}

void eq_binarize_s8_bits_scalar(const eq_binarize_s8_t *p, const int8_t *restrict input, uint32_t *restrict output,
                                eq_range_t range) {
  const int32_t channels = p->channels, words = (channels + 31) / 32;
  for (int32_t row = range.begin; row < range.end; row++) {
    for (int32_t c = 0; c < channels; c += 32) {
      const int32_t left = channels - c < 32 ? channels - c : 32;
      output[row * words + c / 32] = word_of(input + row * channels + c, p->threshold + c, left);
    }
  }
}
