/* normalize, int8, Armv7E-M DSP: sums of four bytes at a time, rounding high multiplies. The header states the
 * contract. */
#include "eq_dsp.h"
#include "eq_normalize_run.h"

static EQ_INLINE void eq_normalize_sums(const int8_t *x, int32_t n, int32_t *sum, int32_t *squares) {
  const uint32_t ones = 0x00010001u;
  int32_t total = *sum, square = *squares;
  for (; n > 0; n -= 4) {
    const uint32_t word = n >= 4 ? eq_dsp_load(x) : eq_load_tail(x, n);
    const uint32_t even = eq_dsp_sxtb16(word), odd = eq_dsp_sxtb16_ror8(word);
    x += 4;
    total = eq_dsp_smlad(odd, ones, eq_dsp_smlad(even, ones, total));
    square = eq_dsp_smlad(odd, odd, eq_dsp_smlad(even, even, square));
  }
  *sum = total;
  *squares = square;
}

static EQ_INLINE void eq_normalize_values(const eq_normalize_set_t *set, const int32_t *gain, const int32_t *bias,
                                          const int8_t *x, int32_t n, int8_t *y) {
  const eq_normalize_set_t k = *set;
  for (const int8_t *const end = x + n; x != end;) {
    const int32_t e = (int32_t)((uint32_t)*x++ * k.scale - k.sum);
    *y++ = (int8_t)eq_normalize_scaled(&k, eq_dsp_smmlar(e, k.r, 0), *gain++, *bias++);
  }
}

void eq_normalize_s8_dsp(const eq_normalize_s8_t *p, const int8_t *input, int8_t *output, eq_range_t range) {
  eq_normalize_run(p, input, output, range);
}
