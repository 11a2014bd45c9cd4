/* log_softmax, int8, portable C. The header states the contract. */
#include "eq_log_softmax.h"
#include "eq_row_max.h"

/* Logarithm of x > 0 to the base 2, 16 fraction bits, truncated: each squaring of the mantissa (31 fraction bits) moves
 * one bit of its logarithm in front of the point. */
static int32_t logarithm(uint32_t x) {
  int32_t whole = 31;
  while ((x & 0x80000000u) == 0u) {
    x <<= 1;
    whole--;
  }
  int32_t result = whole;
  for (int32_t bit = 0; bit < 16; bit++) {
    const uint64_t square = ((uint64_t)x * x) >> 31;
    const uint32_t carry = (uint32_t)(square >> 32);
    x = (uint32_t)(carry != 0u ? square >> 1 : square);
    result = result * 2 + (int32_t)carry;
  }
  return result;
}

void eq_log_softmax_s8_scalar(const eq_log_softmax_s8_t *p, const int8_t *input, int8_t *output, eq_range_t range) {
  const int32_t depth = p->depth;
  for (int32_t row = range.begin; row < range.end; row++) {
    const int8_t *const x = input + row * depth;
    int8_t *const y = output + row * depth;
    const int32_t max = eq_row_max_s8(x, depth);
    uint32_t total = 0;
    for (int32_t i = 0; i < depth; i++) {
      total += p->exp_table[max - x[i]];
    }
    const int32_t log2 = logarithm(total) - p->table_bits * 65536;
    const int64_t base = p->bias - (((int64_t)log2 * p->factor) >> 12);
    for (int32_t i = 0; i < depth; i++) {
      const int64_t value = ((int64_t)p->slope * (x[i] - max) + base) >> 20;
      y[i] = (int8_t)(value < -128 ? -128 : (value > 127 ? 127 : value));
    }
  }
}
