/* Runs of elements of 16 bits (int16, or the bits of FP16) to whole vectors of eight. */
#ifndef EQ_MVE_PUT_S16_H
#define EQ_MVE_PUT_S16_H

#include <arm_mve.h>
#include <stddef.h>

#include "eq_inline.h"

enum { EQ_MVE_HALFWORDS = 8 };

static EQ_INLINE int32_t eq_mve_whole_s16(int32_t count) {
  return (count + EQ_MVE_HALFWORDS - 1) & ~(EQ_MVE_HALFWORDS - 1);
}

/* Puts elements `at` .. at + count - 1 of a contiguous patch, zeros where there is no source. Predicates only at the
 * end: GCC moves them around a lot. */
static EQ_INLINE void eq_mve_put_s16(int16_t *x, int32_t at, const int16_t *source, int32_t count) {
  x += at;
  if (source == NULL) {
    const int16x8_t zeros = vdupq_n_s16(0);
    for (; count >= EQ_MVE_HALFWORDS; count -= EQ_MVE_HALFWORDS) {
      vstrhq_s16(x, zeros);
      x += EQ_MVE_HALFWORDS;
    }
    if (count > 0) {
      vstrhq_p_s16(x, zeros, vctp16q((uint32_t)count));
    }
    return;
  }
  for (; count >= EQ_MVE_HALFWORDS; count -= EQ_MVE_HALFWORDS) {
    vstrhq_s16(x, vldrhq_s16(source));
    x += EQ_MVE_HALFWORDS;
    source += EQ_MVE_HALFWORDS;
  }
  if (count > 0) {
    const mve_pred16_t lanes = vctp16q((uint32_t)count);
    vstrhq_p_s16(x, vldrhq_z_s16(source, lanes), lanes);
  }
}

#endif
