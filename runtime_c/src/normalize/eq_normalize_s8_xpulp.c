/* normalize, int8, Xpulp / CORE-V: sums four bytes at a time. The header states the contract. */
#include "eq_normalize_portable.h"
#include "eq_xpulp.h"

static EQ_INLINE void eq_normalize_sums(const int8_t *x, int32_t n, int32_t *sum, int32_t *squares) {
  int32_t total = *sum, square = *squares;
  for (; n >= 4; n -= 4) {
    const uint32_t word = eq_xpulp_load(x);
    x += 4;
    total = eq_xcv_sdotsp_b(total, word, 0x01010101u);
    square = eq_xcv_sdotsp_b(square, word, word);
  }
  for (; n > 0; n--, x++) {
    total += *x;
    square += *x * *x;
  }
  *sum = total;
  *squares = square;
}

void eq_normalize_s8_xpulp(const eq_normalize_s8_t *p, const int8_t *input, int8_t *output, eq_range_t range) {
  eq_normalize_run(p, input, output, range);
}
