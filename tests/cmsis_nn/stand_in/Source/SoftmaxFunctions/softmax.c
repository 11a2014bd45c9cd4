/* The fixed-point softmax of TensorFlow Lite's reference kernels (gemmlowp's exp and reciprocal). */
#include "stand_in.h"

/* exp(a) in Q0 for a <= 0 in Q5: of the part within the last quarter by a Taylor series round -1/8, of the rest by
 * factors. */
static int32_t exponential(int32_t a) {
  static const int32_t factors[7] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
  if (a == 0) {
    return INT32_MAX;
  }
  const int32_t quarter = 1 << 24, eighth = 1895147668, third = 715827883;
  const int32_t within = (a & (quarter - 1)) - quarter;
  const int32_t x = within * 32 + (1 << 28);
  const int32_t x2 = doubled_high(x, x), x3 = doubled_high(x2, x);
  const int32_t x4 = divided(doubled_high(x2, x2), 2);
  const int32_t tail = divided(doubled_high(x4 + x3, third) + x2, 1);
  int32_t result = eighth + doubled_high(x + tail, eighth);
  const int32_t rest = within - a;
  for (int i = 0; i < 7; ++i) {
    if ((rest >> (24 + i)) & 1) {
      result = doubled_high(result, factors[i]);
    }
  }
  return result;
}

/* 1 / (1 + a) in Q0 for a in Q0: three steps of Newton and Raphson for half the denominator. */
static int32_t reciprocal(int32_t a) {
  const int64_t sum = (int64_t)a + INT32_MAX;
  const int32_t half = (int32_t)((sum + 1) / 2);
  int32_t x = 1515870810 + doubled_high(half, -1010580540);
  for (int i = 0; i < 3; ++i) {
    x += doubled_high(x, (1 << 29) - doubled_high(half, x)) * 4;
  }
  return x > INT32_MAX / 2 ? INT32_MAX : x * 2;
}

void arm_softmax_s8(const int8_t *input, const int32_t num_rows, const int32_t row_size, const int32_t mult,
                    const int32_t shift, const int32_t diff_min, int8_t *output) {
  for (int32_t row = 0; row < num_rows; ++row, input += row_size, output += row_size) {
    int32_t most = -128, sum = 0, zeros = 0;
    for (int32_t i = 0; i < row_size; ++i) {
      most = input[i] > most ? input[i] : most;
    }
    for (int32_t i = 0; i < row_size; ++i) {
      const int32_t difference = input[i] - most;
      if (difference >= diff_min) {
        sum += divided(exponential(doubled_high(difference * (1 << shift), mult)), 12);
      }
    }
    while (((uint32_t)sum << zeros & 0x80000000u) == 0u) {
      ++zeros;
    }
    const int32_t share = reciprocal((int32_t)(((uint32_t)sum << zeros) - 0x80000000u));
    for (int32_t i = 0; i < row_size; ++i) {
      const int32_t difference = input[i] - most;
      int32_t value = -128;
      if (difference >= diff_min) {
        value += divided(doubled_high(share, exponential(doubled_high(difference * (1 << shift), mult))), 35 - zeros);
      }
      output[i] = (int8_t)(value > 127 ? 127 : value < -128 ? -128 : value);
    }
  }
}
