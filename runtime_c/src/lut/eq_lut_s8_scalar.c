/* lut, int8, portable C. The header states the contract. */
#include "eq_lut.h"

void eq_lut_s8_scalar(const eq_lut_s8_t *p, const int8_t *input, int8_t *output, eq_range_t range) {
  const int8_t *const table = p->table + 128;
  for (int32_t i = range.begin; i < range.end; i++) {
    output[i] = table[input[i]];
  }
}
