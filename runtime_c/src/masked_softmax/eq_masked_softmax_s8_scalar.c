/* masked softmax, int8, portable C. The header states the contract. */
#include "eq_softmax_row.h"
#include "eq_masked_softmax_run.h"

void eq_masked_softmax_s8_scalar(const eq_masked_softmax_s8_t *p, const int8_t *input, int8_t *output,
                                 eq_range_t range) {
  eq_masked_softmax_run(p, input, output, range);
}
