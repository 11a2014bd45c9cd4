/* binarize to packed signs, Xpulp / CORE-V. The header states the contract. Eight channels a step: two packed comparisons,
 * whose bytes of ones are masked to a bit each and added up. */
#include "eq_binarize.h"
#include "eq_xpulp.h"

static EQ_INLINE uint32_t bits4(uint32_t x, uint32_t below, uint32_t mask, uint32_t sum) {
  return (uint32_t)eq_xcv_sdotup_b((int32_t)sum, eq_xcv_cmpgt_b(x, below) & mask, 0x01010101u);
}

static EQ_INLINE uint32_t word_of(const int8_t *x, const int8_t *below, int32_t channels) {
  uint32_t word = 0;
  int32_t c = 0;
  for (; c + 8 <= channels; c += 8) {
    const uint32_t low = bits4(eq_xpulp_load(x + c), eq_xpulp_load(below + c), 0x08040201u, 0);
    word |= bits4(eq_xpulp_load(x + c + 4), eq_xpulp_load(below + c + 4), 0x80402010u, low) << c;
  }
  for (; c < channels; c++) {
    word |= (uint32_t)(below[c] - x[c]) >> 31 << c;
  }
  return word;
}

#include "eq_binarize_bits_run.h"

void eq_binarize_s8_bits_xpulp(const eq_binarize_s8_t *p, const int8_t *restrict input, uint32_t *restrict output,
                               eq_range_t range) {
  binarize_bits(p, input, output, range);
}
