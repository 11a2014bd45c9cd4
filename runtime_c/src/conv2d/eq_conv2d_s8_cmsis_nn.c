/* conv2d by CMSIS-NN. */
#include "eq_cmsis_nn.h"
#include "eq_cmsis_nn_call.h"

eq_status_t eq_conv2d_s8_cmsis_nn(const eq_conv2d_s8_cmsis_nn_t *p, const int8_t *input, int8_t *output, void *scratch) {
  const cmsis_nn_conv_params params = {
    .input_offset = -p->input_zero_point,
    .output_offset = p->output_zero_point,
    .stride = {.w = p->stride_w, .h = p->stride_h},
    .padding = {.w = p->pad_left, .h = p->pad_top},
    .dilation = {.w = p->dilation_w, .h = p->dilation_h},
    .activation = {.min = p->act_min, .max = p->act_max},
  };
  const cmsis_nn_per_channel_quant_params scales = eq_cmsis_nn_scales(p->multipliers, p->shifts);
  const cmsis_nn_dims input_dims = {.n = 1, .h = p->in_h, .w = p->in_w, .c = p->in_c};
  const cmsis_nn_dims filter_dims = {.n = p->out_c, .h = p->kernel_h, .w = p->kernel_w, .c = p->in_c};
  const cmsis_nn_dims bias_dims = {.n = 1, .h = 1, .w = 1, .c = p->out_c};
  const cmsis_nn_dims output_dims = {.n = 1, .h = p->out_h, .w = p->out_w, .c = p->out_c};
  const cmsis_nn_context context = {.buf = scratch, .size = p->scratch_bytes};
  if (arm_convolve_wrapper_s8_get_buffer_size(&params, &input_dims, &filter_dims, &output_dims) > p->scratch_bytes) {
    return EQ_ERROR_LIBRARY;
  }
  return eq_cmsis_nn_status(arm_convolve_wrapper_s8(&context, &params, &scales, &input_dims, input, &filter_dims, p->weights,
                                                    &bias_dims, p->bias, &output_dims, output));
}

bool eq_conv2d_s8_cmsis_nn_rounds_once(void) {
  /* A quarter: once, it is rounded to 0; twice, to a half first and that to 1. */
  static const int8_t one[1] = {1};
  static const int32_t zero[1] = {0}, half[1] = {1 << 30}, shift[1] = {-1};
  int32_t room[16];
  int8_t output[1] = {0};
  const eq_conv2d_s8_cmsis_nn_t layer = {
    .in_h = 1, .in_w = 1, .in_c = 1, .out_h = 1, .out_w = 1, .out_c = 1, .kernel_h = 1, .kernel_w = 1,
    .stride_h = 1, .stride_w = 1, .dilation_h = 1, .dilation_w = 1, .act_min = -128, .act_max = 127,
    .scratch_bytes = sizeof room, .weights = one, .bias = zero, .multipliers = half, .shifts = shift,
  };
  return eq_conv2d_s8_cmsis_nn(&layer, one, output, room) == EQ_OK && output[0] == 0;
}
