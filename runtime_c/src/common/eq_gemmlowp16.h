/* gemmlowp's logistic and tanh of int16 numbers; the twin of edgeq/ops/gemmlowp16.py.
 *
 * "Qk" has k integer bits and 15 - k fractional ones; results are Q0. Formulas from gemmlowp's fixedpoint.h. Not inlined:
 * an LSTM calls them five times a cell and step, and the code is a few hundred bytes. Sums that gemmlowp saturates and
 * that never leave int16 are left as they are; tests/kernels/test_gemmlowp16.py goes through all arguments. */
#ifndef EQ_GEMMLOWP16_H
#define EQ_GEMMLOWP16_H

#include "eq_requant.h"

enum { EQ_Q0_ONE = 32767, EQ_Q2_ONE = 1 << 13 };

static inline int32_t eq_sat16(int32_t x) {
  return eq_clamp(x, -32768, 32767);
}

/* Rounding doubling high multiply; -1 * -1, which would leave int16, does not occur here. */
static inline int32_t eq_q_product(int32_t a, int32_t b) {
  return (a * b + (1 << 14)) >> 15;
}

/* exp(a) in Q0 for a <= 0 in Q`integer_bits`, 1 <= integer_bits <= 7. */
static inline int32_t eq_q_exp(int32_t a, int32_t integer_bits) {
  static const int16_t factors[7] = {25520, 19875, 12055, 4435, 600, 11, 0}; /* exp(-1/4), exp(-1/2), exp(-1), .. */
  const int32_t exp_of_an_eighth = 28918, third = 10923;
  if (a == 0) {
    return EQ_Q0_ONE;
  }
  const int32_t fraction = 15 - integer_bits;
  if (integer_bits > 5 && a < -(1 << (20 - integer_bits))) {
    return 0;
  }
  const int32_t quarter = 1 << (fraction - 2);
  const int32_t offset = (a & (quarter - 1)) - quarter; /* in [-1/4, 0): Taylor series round -1/8 */
  const int32_t x = offset * (1 << integer_bits) + (1 << 12);
  const int32_t x2 = eq_q_product(x, x);
  const int32_t x4_quarter = eq_rdbpot(eq_q_product(x2, x2), 2);
  const int32_t tail = eq_rdbpot(eq_q_product(x4_quarter + eq_q_product(x2, x), third) + x2, 1);
  int32_t result = exp_of_an_eighth + eq_q_product(exp_of_an_eighth, x + tail);
  const int16_t *factor = factors;
  for (int32_t quarters = ((offset - a) >> (fraction - 2)) & 127; quarters != 0; quarters >>= 1) {
    if ((quarters & 1) != 0) {
      result = eq_q_product(result, *factor);
    }
    factor++;
  }
  return result;
}

/* 2 / (1 + a) in Q2 for a in [0, 1], Q0: three Newton-Raphson steps from 48/17 - 32/17 * (1 + a) / 2. */
static inline int32_t eq_q_reciprocal(int32_t a) {
  const int32_t half = (a + EQ_Q0_ONE + 1) >> 1;
  int32_t x = 23130 + eq_q_product(half, -15420);
  for (int32_t step = 0; step < 3; step++) {
    x += eq_q_product(x, EQ_Q2_ONE - eq_q_product(half, x)) * 4;
  }
  return x;
}

/* logistic of an int16 number in Q3. */
__attribute__((noinline, unused)) static int32_t eq_q_logistic(int32_t x) {
  if (x == 0) {
    return 1 << 14;
  }
  const int32_t above = eq_sat16(eq_q_reciprocal(eq_q_exp(x > 0 ? -x : x, 3)) * 2);
  return x > 0 ? above : EQ_Q0_ONE - above;
}

/* tanh of an int16 number in Q`integer_bits`, 0 .. 6. */
__attribute__((noinline, unused)) static int32_t eq_q_tanh(int32_t x, int32_t integer_bits) {
  if (x == 0) {
    return 0;
  }
  const int32_t above = eq_sat16((eq_q_reciprocal(eq_q_exp(x > 0 ? -x : x, integer_bits + 1)) - EQ_Q2_ONE) * 4);
  return x > 0 ? above : -above;
}

#endif
