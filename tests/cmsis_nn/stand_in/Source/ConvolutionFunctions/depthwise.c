#include "stand_in.h"

int32_t arm_depthwise_conv_wrapper_s8_get_buffer_size(const cmsis_nn_dw_conv_params *params, const cmsis_nn_dims *input_dims,
                                                      const cmsis_nn_dims *filter_dims, const cmsis_nn_dims *output_dims) {
  const int32_t taps = filter_dims->w * filter_dims->h;
  if (input_dims->c != output_dims->c || params->dilation.w != 1 || params->dilation.h != 1) {
    return 0;
  }
#if HAS_MVE
  return 496 * taps;
#elif HAS_DSP
  const int small = filter_dims->w == 3 && filter_dims->h == 3 && params->padding.w <= 1 && params->padding.h <= 1;
  return small ? 0 : 2 * taps * input_dims->c;
#else
  (void)taps;
  return 0;
#endif
}

arm_cmsis_nn_status arm_depthwise_conv_wrapper_s8(const cmsis_nn_context *ctx, const cmsis_nn_dw_conv_params *params,
                                                  const cmsis_nn_per_channel_quant_params *scales,
                                                  const cmsis_nn_dims *input_dims, const int8_t *input,
                                                  const cmsis_nn_dims *filter_dims, const int8_t *filter,
                                                  const cmsis_nn_dims *bias_dims, const int32_t *bias,
                                                  const cmsis_nn_dims *output_dims, int8_t *output) {
  (void)bias_dims;
  /* The function for 3x3 on cores without Helium leaves out one column behind the image, no more. */
  const int small = filter_dims->w == 3 && filter_dims->h == 3 && params->padding.w <= 1 && params->padding.h <= 1 &&
                    params->dilation.w == 1 && params->dilation.h == 1;
  const int32_t behind = (output_dims->w - 1) * params->stride.w - params->padding.w + 3 - input_dims->w;
  if (!HAS_MVE && small && behind > 1) {
    return ARM_CMSIS_NN_ARG_ERROR;
  }
  const int fits = input_dims->c * params->ch_mult == output_dims->c && filter_dims->c == output_dims->c;
  if (!fits || !use_up(ctx, arm_depthwise_conv_wrapper_s8_get_buffer_size(params, input_dims, filter_dims, output_dims))) {
    return ARM_CMSIS_NN_ARG_ERROR;
  }
  for (int32_t oy = 0; oy < output_dims->h; ++oy) {
    for (int32_t ox = 0; ox < output_dims->w; ++ox) {
      for (int32_t o = 0; o < output_dims->c; ++o) {
        int32_t sum = bias ? bias[o] : 0;
        for (int32_t ky = 0; ky < filter_dims->h; ++ky) {
          const int32_t y = oy * params->stride.h - params->padding.h + ky * params->dilation.h;
          for (int32_t kx = 0; kx < filter_dims->w; ++kx) {
            const int32_t x = ox * params->stride.w - params->padding.w + kx * params->dilation.w;
            if (y >= 0 && y < input_dims->h && x >= 0 && x < input_dims->w) {
              const int32_t value = input[(y * input_dims->w + x) * input_dims->c + o / params->ch_mult];
              sum += filter[(ky * filter_dims->w + kx) * output_dims->c + o] * (value + params->input_offset);
            }
          }
        }
        *output++ = clamped(scaled(sum, scales->multiplier[o], scales->shift[o]) + params->output_offset, &params->activation);
      }
    }
  }
  return ARM_CMSIS_NN_SUCCESS;
}
