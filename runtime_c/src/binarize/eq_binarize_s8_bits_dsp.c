/* binarize to packed signs, Armv7E-M DSP. The header states the contract. SSUB8 compares four channels and SEL takes the
 * bits of those that are above their threshold, which USADA8 adds up. */
#include "eq_binarize.h"
#include "eq_dsp.h"

static EQ_INLINE int32_t add_bits4(const int8_t *x, const int8_t *below, uint32_t bits, int32_t sum) {
  uint32_t chosen;
  __asm__("ssub8 %0, %1, %2\n\tsel %0, %3, %4"
          : "=&r"(chosen)
          : "r"(eq_dsp_load(below)), "r"(eq_dsp_load(x)), "r"(0), "r"(bits));
  return eq_dsp_add_bytes(chosen, sum);
}

static EQ_INLINE uint32_t word_of(const int8_t *x, const int8_t *below, int32_t channels) {
  uint32_t word = 0;
  int32_t c = 0;
  for (; c + 8 <= channels; c += 8) {
    word |= (uint32_t)add_bits4(x + c + 4, below + c + 4, 0x80402010u, add_bits4(x + c, below + c, 0x08040201u, 0)) << c;
  }
  for (; c < channels; c++) {
    word |= (uint32_t)(below[c] - x[c]) >> 31 << c;
  }
  return word;
}

#include "eq_binarize_bits_run.h"

void eq_binarize_s8_bits_dsp(const eq_binarize_s8_t *p, const int8_t *restrict input, uint32_t *restrict output,
                             eq_range_t range) {
  binarize_bits(p, input, output, range);
}
