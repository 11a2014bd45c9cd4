/* Transposes four words of four bytes: word i of the result holds byte i of each operand, a's lowest. */
#ifndef EQ_XPULP_TRANSPOSE_H
#define EQ_XPULP_TRANSPOSE_H

#include "eq_inline.h"
#include "eq_xcv.h"

typedef struct {
  uint32_t w0, w1, w2, w3;
} eq_xpulp_words_t;

static EQ_INLINE eq_xpulp_words_t eq_xpulp_transpose(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  /* Selectors of cv.shuffle2.b: bytes 0..3 are the first operand's, 4..7 the second's. */
  const uint32_t low = 0x05010400u, high = 0x07030602u;
  const uint32_t ab_low = eq_xcv_shuffle2_b(a, b, low), ab_high = eq_xcv_shuffle2_b(a, b, high);
  const uint32_t cd_low = eq_xcv_shuffle2_b(c, d, low), cd_high = eq_xcv_shuffle2_b(c, d, high);
  return (eq_xpulp_words_t){eq_xcv_pack_lo_h(cd_low, ab_low), eq_xcv_pack_hi_h(cd_low, ab_low),
                            eq_xcv_pack_lo_h(cd_high, ab_high), eq_xcv_pack_hi_h(cd_high, ab_high)};
}

#endif
