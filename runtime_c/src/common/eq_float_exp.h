/* exp in float32 without a library: e^x = 2^n e^r with |r| <= ln(2)/2, e^r by a polynomial of degree 6.
 *
 * Relative error below 4 * 2^-24: 3e-9 of the polynomial (fitted by us to e^r for the least largest error), the rest
 * rounding. Results below the normal numbers are rounded twice, or zero. No number for no number. */
#ifndef EQ_FLOAT_EXP_H
#define EQ_FLOAT_EXP_H

#include "eq_float.h"

EQ_FLOAT_INLINE float eq_float_exp(float x) {
  /* beyond these the result is infinite, or 0 */
  const float limited = eq_clampf(x, -104.0f, 89.0f);
  if (!(limited >= -104.0f)) {
    return x;
  }
  const float whole = (limited * 1.44269504f + 12582912.0f) - 12582912.0f;
  /* ln 2 in two parts: the first has few bits, so that its product is exact */
  const float r = (limited - whole * 0.693359375f) + whole * 2.12194440e-4f;
  float y = 1.39505975e-3f;
  y = eq_fma(y, r, 8.36895406e-3f);
  y = eq_fma(y, r, 4.1666206e-2f);
  y = eq_fma(y, r, 1.66665182e-1f);
  y = eq_fma(y, r, 0.5f);
  y = eq_fma(y, r * r, r) + 1.0f;
  /* 2^n as two factors, each of them a normal number */
  const int32_t n = (int32_t)whole, half = n / 2;
  const float first = eq_float_of_bits((uint32_t)(half + 127) << 23);
  const float second = eq_float_of_bits((uint32_t)(n - half + 127) << 23);
  return y * first * second;
}

#endif
