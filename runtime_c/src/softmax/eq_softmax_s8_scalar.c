/* softmax, int8, portable C. The header states the contract. */
#include "eq_softmax_row.h"
#include "eq_softmax_run.h"

void eq_softmax_s8_scalar(const eq_softmax_s8_t *p, const int8_t *input, int8_t *output, eq_range_t range) {
  eq_softmax_run(p, input, output, range);
}
