/* masked softmax, int8, Armv8.1-M MVE. The header states the contract. */
#include "eq_softmax_row_mve.h"
#include "eq_masked_softmax_run.h"

void eq_masked_softmax_s8_mve(const eq_masked_softmax_s8_t *p, const int8_t *input, int8_t *output,
                              eq_range_t range) {
  eq_masked_softmax_run(p, input, output, range);
}
