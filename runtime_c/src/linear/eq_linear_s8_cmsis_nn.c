/* linear by CMSIS-NN. Its buffer for Helium holds what each channel's sum begins with: the bias, and the input's offset
 * times the sum of the weights, which the bias here has folded in. */
#include "eq_cmsis_nn.h"
#include "eq_cmsis_nn_call.h"

eq_status_t eq_linear_s8_cmsis_nn(const eq_linear_s8_cmsis_nn_t *p, const int8_t *input, int8_t *output, void *scratch) {
  (void)scratch;
  const cmsis_nn_fc_params params = {
    .input_offset = 0,
    .filter_offset = 0,
    .output_offset = p->output_zero_point,
    .activation = {.min = p->act_min, .max = p->act_max},
  };
  const cmsis_nn_per_channel_quant_params scales = eq_cmsis_nn_scales(p->multipliers, p->shifts);
  const cmsis_nn_dims input_dims = {.n = p->rows, .h = 1, .w = 1, .c = p->in_features};
  const cmsis_nn_dims filter_dims = {.n = p->in_features, .h = 1, .w = 1, .c = p->out_features};
  const cmsis_nn_dims bias_dims = {.n = 1, .h = 1, .w = 1, .c = p->out_features};
  const cmsis_nn_dims output_dims = {.n = p->rows, .h = 1, .w = 1, .c = p->out_features};
  const cmsis_nn_context context = {
    .buf = (void *)(uintptr_t)p->bias,
    .size = p->out_features * (int32_t)sizeof(int32_t),
  };
  if (arm_fully_connected_s8_get_buffer_size(&filter_dims) > context.size) {
    return EQ_ERROR_LIBRARY;
  }
  return eq_cmsis_nn_status(arm_fully_connected_per_channel_s8(&context, &params, &scales, &input_dims, input, &filter_dims,
                                                               p->weights, &bias_dims, p->bias, &output_dims, output));
}
