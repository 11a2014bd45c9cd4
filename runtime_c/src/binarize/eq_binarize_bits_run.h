/* Packed signs of rows of channels. The including file has defined
 *
 *   word_of(x, below, channels)   bits x[c] > below[c] of up to 32 channels */
#ifndef EQ_BINARIZE_BITS_RUN_H
#define EQ_BINARIZE_BITS_RUN_H

static EQ_INLINE void binarize_bits(const eq_binarize_s8_t *p, const int8_t *restrict input, uint32_t *restrict output,
                                    eq_range_t range) {
  const int32_t channels = p->channels, words = (channels + 31) / 32;
  const int8_t *x = input + range.begin * channels;
  uint32_t *y = output + range.begin * words;
  for (int32_t row = range.begin; row < range.end; row++) {
    for (int32_t c = 0; c < channels; c += 32) {
      *y++ = word_of(x + c, p->below + c, channels - c < 32 ? channels - c : 32) | p->always[c / 32];
    }
    x += channels;
  }
}

#endif
