/* 1 / sqrt of integers; the twin of edgeq/ops/gemmlowp.py's inverse_sqrt. */
#ifndef EQ_INVERSE_SQRT_H
#define EQ_INVERSE_SQRT_H

#include "eq_fixed_point.h"

/* Multiplier and exponent (EQ_REQUANT_TFLITE) of 1 / sqrt(value): Newton-Raphson in Q3 on the value with an even number
 * of leading zeros shifted out. Values up to 1 give nearly 1. */
static inline void eq_inverse_sqrt(int32_t value, int32_t *multiplier, int32_t *exponent) {
  if (value <= 1) {
    *multiplier = INT32_MAX;
    *exponent = 0;
    return;
  }
  int32_t shift = 11;
  while (value >= (1 << 29)) {
    value /= 4;
    shift++;
  }
  const int32_t pairs = (eq_leading_zeros((uint32_t)value) - 1) / 2 - 1;
  const int32_t x = (int32_t)((uint32_t)value << (2 * pairs)) >> 1;
  const int32_t half = eq_rdbpot(x, 1);
  int32_t y = 1 << 28;
  for (int32_t step = 0; step < 5; step++) {
    const int32_t cube = eq_shifted_left(eq_srdhm(eq_srdhm(y, y), y), 6);
    y = eq_shifted_left(eq_srdhm(3 << 27, y) - eq_srdhm(half, cube), 3);
  }
  *multiplier = eq_srdhm(y, 1518500250); /* sqrt(1/2) */
  *exponent = pairs - shift;
}

#endif
