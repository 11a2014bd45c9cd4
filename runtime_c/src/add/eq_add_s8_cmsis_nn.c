/* add by CMSIS-NN. */
#include "eq_cmsis_nn.h"
#include "eq_cmsis_nn_call.h"

eq_status_t eq_add_s8_cmsis_nn(const eq_add_s8_cmsis_nn_t *p, const int8_t *input1, const int8_t *input2, int8_t *output,
                               void *scratch) {
  (void)scratch;
  return eq_cmsis_nn_status(arm_elementwise_add_s8(
    input1, input2, -p->zero_point1, p->multiplier1, p->shift1, -p->zero_point2, p->multiplier2, p->shift2, p->left_shift,
    output, p->zero_point, p->sum_multiplier, p->sum_shift, p->act_min, p->act_max, p->elements));
}
