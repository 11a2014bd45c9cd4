/* log in float32 without a library, of positive normal numbers: x = 2^n m with sqrt(1/2) <= m < sqrt(2), and
 * log m = 2 atanh(s) = 2 s (1 + s^2/3 + s^4/5 + s^6/7 + s^8/9 + ..) with s = (m - 1) / (m + 1), |s| < 0.172.
 *
 * Error below 4 * 2^-24 * (1 + |log x|): the series is cut where its next term is below 1e-8 of the result, the rest is
 * rounding. */
#ifndef EQ_FLOAT_LOG_H
#define EQ_FLOAT_LOG_H

#include "eq_float.h"

EQ_FLOAT_INLINE float eq_float_log(float x) {
  /* the exponent of x / sqrt(1/2), so that m lies round 1 */
  const uint32_t bits = eq_float_bits(x) - 0x3f3504f3u;
  const int32_t n = (int32_t)bits >> 23;
  const float m = eq_float_of_bits((bits & 0x7fffffu) + 0x3f3504f3u);
  const float s = (m - 1.0f) / (m + 1.0f), square = s * s;
  float y = 1.11111111e-1f;
  y = eq_fma(y, square, 1.42857143e-1f);
  y = eq_fma(y, square, 0.2f);
  y = eq_fma(y, square, 3.33333333e-1f);
  y = 2.0f * eq_fma(y * square, s, s);
  /* ln 2 in two parts: the first has few bits, so that its product is exact */
  return (y - (float)n * 2.12194440e-4f) + (float)n * 0.693359375f;
}

#endif
