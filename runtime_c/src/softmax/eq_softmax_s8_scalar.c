/* softmax, int8, portable C. The header states the contract. */
#include "eq_softmax.h"
#include "eq_softmax_row.h"

void eq_softmax_s8_scalar(const eq_softmax_s8_t *p, const int8_t *input, int8_t *output, eq_range_t range) {
  for (int32_t row = range.begin; row < range.end; row++) {
    eq_softmax_row(p->exp_table, p->depth, input + row * p->depth, output + row * p->depth);
  }
}
