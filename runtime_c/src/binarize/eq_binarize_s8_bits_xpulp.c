/* binarize to packed signs, Xpulp / CORE-V. The header states the contract. A packed comparison makes bytes of -1 and 0;
 * dot products with powers of two make bits of two of them, and whole words of channels go row by row with their
 * thresholds in registers. */
#include "eq_binarize.h"
#include "eq_xpulp.h"

/* -1, -2, -4, -8 and -16, -32, -64, -128 */
#define LOW_BITS 0xf8fcfeffu
#define HIGH_BITS 0x80c0e0f0u

static EQ_INLINE uint32_t bits8(uint32_t x0, uint32_t x1, uint32_t below0, uint32_t below1) {
  const int32_t low = eq_xcv_dotsp_b(eq_xcv_cmpgt_b(x0, below0), LOW_BITS);
  return (uint32_t)eq_xcv_sdotsp_b(low, eq_xcv_cmpgt_b(x1, below1), HIGH_BITS);
}

static EQ_INLINE uint32_t word_of(const int8_t *x, const int8_t *below, int32_t channels) {
  uint32_t word = 0;
  int32_t c = 0;
  for (; c + 8 <= channels; c += 8) {
    word |= bits8(eq_xpulp_load(x + c), eq_xpulp_load(x + c + 4), eq_xpulp_load(below + c), eq_xpulp_load(below + c + 4))
            << c;
  }
  for (; c < channels; c++) {
    word |= (uint32_t)(below[c] - x[c]) >> 31 << c;
  }
  return word;
}

#include "eq_binarize_bits_run.h"

/* One word of `rows` rows of `channels` bytes; y are `words` words a row. */
static EQ_INLINE void column(const int8_t *x, const int8_t *below, uint32_t always, int32_t rows, int32_t channels,
                             uint32_t *words_of_rows, int32_t words) {
  const uint32_t t0 = eq_xpulp_load(below), t1 = eq_xpulp_load(below + 4), t2 = eq_xpulp_load(below + 8);
  const uint32_t t3 = eq_xpulp_load(below + 12), t4 = eq_xpulp_load(below + 16), t5 = eq_xpulp_load(below + 20);
  const uint32_t t6 = eq_xpulp_load(below + 24), t7 = eq_xpulp_load(below + 28);
  uint8_t *y = (uint8_t *)words_of_rows;
  for (int32_t row = 0; row < rows; row++) {
    y[0] = (uint8_t)bits8(eq_xpulp_load(x), eq_xpulp_load(x + 4), t0, t1);
    y[1] = (uint8_t)bits8(eq_xpulp_load(x + 8), eq_xpulp_load(x + 12), t2, t3);
    y[2] = (uint8_t)bits8(eq_xpulp_load(x + 16), eq_xpulp_load(x + 20), t4, t5);
    y[3] = (uint8_t)bits8(eq_xpulp_load(x + 24), eq_xpulp_load(x + 28), t6, t7);
    x += channels;
    y += 4 * words;
  }
  if (always != 0) {
    for (int32_t row = 0; row < rows; row++) {
      words_of_rows[row * words] |= always;
    }
  }
}

void eq_binarize_s8_bits_xpulp(const eq_binarize_s8_t *p, const int8_t *restrict input, uint32_t *restrict output,
                               eq_range_t range) {
  if (p->channels % 32 != 0) {
    binarize_bits(p, input, output, range);
    return;
  }
  const int32_t words = p->channels / 32, rows = range.end - range.begin;
  for (int32_t word = 0; word < words; word++) {
    column(input + range.begin * p->channels + 32 * word, p->below + 32 * word, p->always[word], rows, p->channels,
           output + range.begin * words + word, words);
  }
}
