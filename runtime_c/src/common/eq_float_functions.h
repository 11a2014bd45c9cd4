/* Functions of one float32 without a library. Polynomials are fitted by us for the least largest error. */
#ifndef EQ_FLOAT_FUNCTIONS_H
#define EQ_FLOAT_FUNCTIONS_H

#include "eq_float_exp.h"

EQ_FLOAT_INLINE float eq_float_abs(float x) { return eq_float_of_bits(eq_float_bits(x) & 0x7fffffffu); }

/* y with the sign of x */
EQ_FLOAT_INLINE float eq_float_signed(float y, float x) {
  return eq_float_of_bits(eq_float_bits(y) | (eq_float_bits(x) & 0x80000000u));
}

/* The exponential is of a number below 0, so that nothing overflows. */
EQ_FLOAT_INLINE float eq_float_sigmoid(float x) {
  const float e = eq_float_exp(-eq_float_abs(x));
  return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

/* x + x^3 P(x^2) below 0.55 (error of P 1e-9), 1 - 2 / (e^2x + 1) above. */
EQ_FLOAT_INLINE float eq_float_tanh(float x) {
  const float size = eq_float_abs(x);
  if (size < 0.55f) {
    const float z = x * x;
    float y = -6.28245855e-3f;
    y = eq_fma(y, z, 2.10777465e-2f);
    y = eq_fma(y, z, -5.38538545e-2f);
    y = eq_fma(y, z, 1.33326024e-1f);
    y = eq_fma(y, z, -3.33333194e-1f);
    return eq_fma(y * z, x, x);
  }
  return eq_float_signed(1.0f - 2.0f / (eq_float_exp(2.0f * size) + 1.0f), x);
}

/* x P(x^2) below 1 (error of P 4e-8), 1 - e^(-x^2) Q(1 / (1 + x/2)) up to 4 (error 4e-11), 1 above. */
EQ_FLOAT_INLINE float eq_float_erf(float x) {
  const float size = eq_float_abs(x);
  if (size < 1.0f) {
    const float z = x * x;
    float y = -5.66014904e-4f;
    y = eq_fma(y, z, 4.92478814e-3f);
    y = eq_fma(y, z, -2.67177057e-2f);
    y = eq_fma(y, z, 1.12804114e-1f);
    y = eq_fma(y, z, -3.76123548e-1f);
    y = eq_fma(y, z, 1.12837911f);
    return y * x;
  }
  if (!(size < 4.0f)) {
    return x != x ? x : eq_float_signed(1.0f, x);
  }
  const float t = 1.0f / (1.0f + 0.5f * size);
  float q = -2.30801731e-1f;
  q = eq_fma(q, t, 6.36680186e-1f);
  q = eq_fma(q, t, -6.44608214e-2f);
  q = eq_fma(q, t, 3.96802187e-1f);
  q = eq_fma(q, t, 2.59700567e-1f);
  q = eq_fma(q, t, 1.82248582e-3f);
  return eq_float_signed(1.0f - q * eq_float_exp(-size * size), x);
}

/* e^x - 1 for x <= 0: x + x^2 / 2 + .. near 0. */
EQ_FLOAT_INLINE float eq_float_expm1_below(float x) {
  if (x > -0.3f) {
    float y = 1.39505975e-3f;
    y = eq_fma(y, x, 8.36895406e-3f);
    y = eq_fma(y, x, 4.1666206e-2f);
    y = eq_fma(y, x, 1.66665182e-1f);
    y = eq_fma(y, x, 0.5f);
    return eq_fma(y * x, x, x);
  }
  return eq_float_exp(x) - 1.0f;
}

EQ_FLOAT_INLINE float eq_float_hardsigmoid(float x) { return eq_clampf(x / 6.0f + 0.5f, 0.0f, 1.0f); }

#endif
