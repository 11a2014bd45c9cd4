/* softmax, int8, portable C. The header states the contract. */
#include "eq_softmax.h"

void eq_softmax_s8_scalar(const eq_softmax_s8_t *p, const int8_t *input, int8_t *output, eq_range_t range) {
  const int32_t depth = p->depth;
  const uint32_t *const exp_table = p->exp_table;
  for (int32_t row = range.begin; row < range.end; row++) {
    const int8_t *const x = input + row * depth;
    int8_t *const y = output + row * depth;
    int32_t max = -128;
    for (int32_t i = 0; i < depth; i++) {
      max = x[i] > max ? x[i] : max;
    }
    uint32_t sum = 0;
    for (int32_t i = 0; i < depth; i++) {
      sum += exp_table[max - x[i]];
    }
    for (int32_t i = 0; i < depth; i++) {
      const uint32_t q = ((exp_table[max - x[i]] << 8) + sum / 2u) / sum;
      y[i] = (int8_t)(q > 255u ? 127 : (int32_t)q - 128);
    }
  }
}
