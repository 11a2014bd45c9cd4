/* softmax by CMSIS-NN. */
#include "eq_cmsis_nn.h"
#include "eq_cmsis_nn_call.h"

eq_status_t eq_softmax_s8_cmsis_nn(const eq_softmax_s8_cmsis_nn_t *p, const int8_t *input, int8_t *output, void *scratch) {
  (void)scratch;
  arm_softmax_s8(input, p->rows, p->depth, p->multiplier, p->shift, p->least_difference, output);
  return EQ_OK;
}
