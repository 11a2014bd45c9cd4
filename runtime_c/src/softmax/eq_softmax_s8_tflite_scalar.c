/* softmax, int8, TensorFlow Lite's reference arithmetic, portable C. The header states the contract. */
#include "eq_requant.h"
#include "eq_softmax.h"

/* a * b of fractions of 2^31; the one product that leaves int32, (-1) * (-1), does not occur here. */
static int32_t product(int32_t a, int32_t b) {
  return eq_srdhm(a, b);
}

static int32_t leading_zeros(uint32_t x) {
  int32_t zeros = 0;
  while (zeros < 32 && (x & 0x80000000u) == 0u) {
    x <<= 1;
    zeros++;
  }
  return zeros;
}

static int32_t saturated(int64_t x) {
  return x > INT32_MAX ? INT32_MAX : (x < INT32_MIN ? INT32_MIN : (int32_t)x);
}

/* 1 / (1 + a) for 0 <= a < 1, all in Q0: Newton-Raphson on d = (1 + a) / 2 from 48/17 - 32/17 d, in Q2. */
static int32_t one_over_one_plus(int32_t a) {
  const int32_t half = (int32_t)(((int64_t)a + INT32_MAX + 1) >> 1);
  int32_t x = 1515870810 + product(half, -1010580540);
  for (int32_t step = 0; step < 3; step++) {
    const int32_t error = (1 << 29) - product(half, x);
    x += saturated((int64_t)product(x, error) * 4);
  }
  return saturated((int64_t)x * 2);
}

void eq_softmax_s8_tflite_scalar(const eq_softmax_tflite_s8_t *p, const int8_t *input, int8_t *output,
                                 eq_range_t range) {
  const int32_t depth = p->depth;
  const int32_t *const exp_table = p->exp_table;
  for (int32_t row = range.begin; row < range.end; row++) {
    const int8_t *const x = input + row * depth;
    int8_t *const y = output + row * depth;
    int32_t max = -128;
    for (int32_t i = 0; i < depth; i++) {
      max = x[i] > max ? x[i] : max;
    }
    uint32_t sum = 0;
    for (int32_t i = 0; i < depth; i++) {
      sum += (uint32_t)eq_rdbpot(exp_table[max - x[i]], 12);
    }
    /* sum = 2^(31 - zeros) * (1 + a), so 1 / sum in Q12 is the reciprocal of 1 + a, shifted */
    const int32_t zeros = leading_zeros(sum);
    const int32_t reciprocal = one_over_one_plus((int32_t)((sum << zeros) - 0x80000000u));
    const int32_t shift = 12 - zeros + 31 - 8;
    for (int32_t i = 0; i < depth; i++) {
      const int32_t e = exp_table[max - x[i]];
      const int32_t q = eq_rdbpot(product(reciprocal, e), shift) - 128;
      y[i] = (int8_t)(e == 0 ? -128 : eq_clamp(q, -128, 127));
    }
  }
}
