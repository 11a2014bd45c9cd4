/* gemmlowp's fixed-point arithmetic beyond eq_requant.h; edgeq/ops/gemmlowp.py is its numpy twin. "Qk": int32 with k
 * integer bits and 31 - k fractional ones. */
#ifndef EQ_FIXED_POINT_H
#define EQ_FIXED_POINT_H

#include "eq_requant.h"

static inline int32_t eq_leading_zeros(uint32_t x) {
  int32_t zeros = 0;
  while (zeros < 32 && (x & 0x80000000u) == 0u) {
    x <<= 1;
    zeros++;
  }
  return zeros;
}

static inline int32_t eq_saturated(int64_t x) {
  return x > INT32_MAX ? INT32_MAX : (x < INT32_MIN ? INT32_MIN : (int32_t)x);
}

/* x * 2^exponent, saturated; 0 <= exponent <= 31. */
static inline int32_t eq_shifted_left(int32_t x, int32_t exponent) {
  return eq_saturated((int64_t)x * ((int64_t)1 << exponent));
}

/* 1 / (1 + a) for 0 <= a < 1, all in Q0: Newton-Raphson on d = (1 + a) / 2 from 48/17 - 32/17 d, in Q2. */
static inline int32_t eq_one_over_one_plus(int32_t a) {
  const int32_t half = (int32_t)(((int64_t)a + INT32_MAX + 1) >> 1);
  int32_t x = 1515870810 + eq_srdhm(half, -1010580540);
  for (int32_t step = 0; step < 3; step++) {
    const int32_t error = (1 << 29) - eq_srdhm(half, x);
    x += eq_shifted_left(eq_srdhm(x, error), 2);
  }
  return eq_shifted_left(x, 1);
}

#endif
