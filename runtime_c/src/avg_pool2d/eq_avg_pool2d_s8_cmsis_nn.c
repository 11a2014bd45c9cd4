/* avg_pool2d by CMSIS-NN. */
#include "eq_cmsis_nn.h"
#include "eq_cmsis_nn_call.h"

eq_status_t eq_avg_pool2d_s8_cmsis_nn(const eq_avg_pool2d_s8_cmsis_nn_t *p, const int8_t *input, int8_t *output,
                                      void *scratch) {
  const cmsis_nn_pool_params params = {
    .stride = {.w = p->stride_w, .h = p->stride_h},
    .padding = {.w = p->pad_left, .h = p->pad_top},
    .activation = {.min = p->act_min, .max = p->act_max},
  };
  const cmsis_nn_dims input_dims = {.n = 1, .h = p->in_h, .w = p->in_w, .c = p->channels};
  const cmsis_nn_dims filter_dims = {.n = 1, .h = p->kernel_h, .w = p->kernel_w, .c = 1};
  const cmsis_nn_dims output_dims = {.n = 1, .h = p->out_h, .w = p->out_w, .c = p->channels};
  const cmsis_nn_context context = {.buf = scratch, .size = p->scratch_bytes};
  if (arm_avgpool_s8_get_buffer_size(p->out_w, p->channels) > p->scratch_bytes) {
    return EQ_ERROR_LIBRARY;
  }
  return eq_cmsis_nn_status(arm_avgpool_s8(&context, &params, &input_dims, input, &filter_dims, &output_dims, output));
}
