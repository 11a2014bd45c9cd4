#include "stand_in.h"

int32_t arm_fully_connected_s8_get_buffer_size(const cmsis_nn_dims *filter_dims) {
  return HAS_MVE ? filter_dims->c * (int32_t)sizeof(int32_t) : 0;
}

/* With Helium sums begin with what the buffer holds, elsewhere with the bias. */
arm_cmsis_nn_status arm_fully_connected_per_channel_s8(const cmsis_nn_context *ctx, const cmsis_nn_fc_params *params,
                                                       const cmsis_nn_per_channel_quant_params *scales,
                                                       const cmsis_nn_dims *input_dims, const int8_t *input,
                                                       const cmsis_nn_dims *filter_dims, const int8_t *filter,
                                                       const cmsis_nn_dims *bias_dims, const int32_t *bias,
                                                       const cmsis_nn_dims *output_dims, int8_t *output) {
  (void)bias_dims;
  if (HAS_MVE && ctx->buf == 0) {
    return ARM_CMSIS_NN_ARG_ERROR;
  }
  const int32_t *const begin = HAS_MVE ? ctx->buf : bias;
  const int32_t offset = HAS_MVE ? 0 : params->input_offset;
  for (int32_t n = 0; n < input_dims->n; ++n, input += filter_dims->n) {
    for (int32_t o = 0; o < output_dims->c; ++o) {
      int32_t sum = begin ? begin[o] : 0;
      for (int32_t i = 0; i < filter_dims->n; ++i) {
        sum += (input[i] + offset) * (filter[o * filter_dims->n + i] + params->filter_offset);
      }
      *output++ = clamped(scaled(sum, scales->multiplier[o], scales->shift[o]) + params->output_offset, &params->activation);
    }
  }
  return ARM_CMSIS_NN_SUCCESS;
}
