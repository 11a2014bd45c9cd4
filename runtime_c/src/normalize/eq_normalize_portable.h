/* The outputs of a set in portable C, for eq_normalize_run.h. */
#ifndef EQ_NORMALIZE_PORTABLE_H
#define EQ_NORMALIZE_PORTABLE_H

#include "eq_normalize_run.h"

/* t in one multiplication where there is one of signed by unsigned: with h = floor(e * 2r / 2^32) it is
 * floor((h + 1) / 2). */
static EQ_INLINE void eq_normalize_values(const eq_normalize_set_t *set, const int32_t *gain, const int32_t *bias,
                                          const int8_t *x, int32_t n, int8_t *y) {
  const eq_normalize_set_t k = *set;
  const int64_t twice = (int64_t)((uint32_t)k.r << 1);
  for (const int8_t *const end = x + n; x != end;) {
    const int32_t e = (int32_t)((uint32_t)*x++ * k.scale - k.sum);
    const int32_t t = ((int32_t)((e * twice) >> 32) + 1) >> 1;
    *y++ = (int8_t)eq_normalize_scaled(&k, t, *gain++, *bias++);
  }
}

#endif
