/* One row of eq_softmax_s8 (eq_softmax.h), portable C: output may be the input. Four values a turn.
 *
 * Divisions by the row's sum are multiplications with r = floor((2^32 - 1) / sum): for a number n below 2^32,
 * n / sum - n * r / 2^32 <= n / 2^32 < 1, so floor(n * r / 2^32) is the quotient or one less; the remainder tells. */
#ifndef EQ_SOFTMAX_ROW_H
#define EQ_SOFTMAX_ROW_H

#include "eq_inline.h"
#include "eq_row_max.h"
#include "eq_types.h"

static EQ_INLINE int8_t eq_softmax_share(uint32_t e, uint32_t half, uint32_t r, uint32_t sum) {
  const uint32_t n = (e << 8) + half;
  uint32_t q = (uint32_t)(((uint64_t)n * r) >> 32);
  q += n - q * sum >= sum ? 1u : 0u;
  return (int8_t)(q > 255u ? 127 : (int32_t)q - 128);
}

static inline void eq_softmax_row(const uint32_t *exp_table, int32_t depth, const int8_t *x, int8_t *y) {
  const int8_t *const end = x + depth, *const whole = x + (depth & ~3);
  const int8_t *v;
  const int32_t max = eq_row_max_s8(x, depth);
  uint32_t sum = 0;
  for (v = x; v != whole; v += 4) {
    sum += exp_table[max - v[0]] + exp_table[max - v[1]] + exp_table[max - v[2]] + exp_table[max - v[3]];
  }
  for (; v != end; v++) {
    sum += exp_table[max - *v];
  }
  const uint32_t half = sum / 2u, r = UINT32_MAX / sum;
  for (v = x; v != whole; v += 4) {
    y[0] = eq_softmax_share(exp_table[max - v[0]], half, r, sum);
    y[1] = eq_softmax_share(exp_table[max - v[1]], half, r, sum);
    y[2] = eq_softmax_share(exp_table[max - v[2]], half, r, sum);
    y[3] = eq_softmax_share(exp_table[max - v[3]], half, r, sum);
    y += 4;
  }
  for (; v != end; v++) {
    *y++ = eq_softmax_share(exp_table[max - *v], half, r, sum);
  }
}

#endif
