#include "stand_in.h"

int32_t arm_convolve_wrapper_s8_get_buffer_size(const cmsis_nn_conv_params *params, const cmsis_nn_dims *input_dims,
                                                const cmsis_nn_dims *filter_dims, const cmsis_nn_dims *output_dims) {
  const int dense = params->dilation.w == 1 && params->dilation.h == 1;
  if (params->padding.w == 0 && params->padding.h == 0 && filter_dims->w == 1 && filter_dims->h == 1 && dense) {
    return 0;
  }
  const int32_t patch = filter_dims->w * filter_dims->h * input_dims->c;
#if HAS_MVE
  const int32_t whole = 4 * ((patch + 15) / 16) * 16;
  if (input_dims->h != 1 || filter_dims->h != 1 || params->dilation.w != 1 || params->stride.w * input_dims->c % 4 != 0) {
    return whole;
  }
  const int32_t channels = input_dims->c, stride = params->stride.w, pad = params->padding.w;
  const int32_t odd = ((output_dims->w - 1) * stride + filter_dims->w - input_dims->w) % 2;
  int32_t right = 0, left = 0;
  if (pad + odd != 0) {
    right = (pad + odd + stride - 1) / stride;
    right = right < 1 ? 1 : right;
  }
  if (pad != 0) {
    left = (pad + stride - 1) / stride;
    left = left < 1 ? 1 : left;
  }
  if (left + right > output_dims->w) {
    return whole;
  }
  const int32_t behind = odd ? right * channels : pad * channels;
  const int32_t first = patch + pad * channels, last = patch - channels + behind;
  return first > last ? first : last;
#else
  (void)output_dims;
  return 4 * ((patch + 3) / 4) * 4;
#endif
}

/* Whether the function for a single row with Helium is right: it expects what is left of the padding, an odd column aside,
 * to be as wide behind as before, the first window that reaches behind the image to do so by one column, and with an
 * odd column no more columns there than windows. */
static int row_fits(const cmsis_nn_conv_params *params, const cmsis_nn_dims *input_dims, const cmsis_nn_dims *filter_dims,
                    const cmsis_nn_dims *output_dims) {
  const int dense = params->dilation.w == 1 && params->dilation.h == 1;
  const int point = params->padding.w == 0 && params->padding.h == 0 && filter_dims->w == 1 && filter_dims->h == 1 && dense;
  const int row = input_dims->h == 1 && filter_dims->h == 1 && params->dilation.w == 1;
  if (!HAS_MVE || point || !row || params->stride.w * input_dims->c % 4 != 0) {
    return 1;
  }
  const int32_t stride = params->stride.w, pad = params->padding.w;
  const int32_t total = (output_dims->w - 1) * stride + filter_dims->w - input_dims->w;
  if (total < 0 || (total != 2 * pad && total != 2 * pad + 1)) {
    return 0;
  }
  const int32_t right = (total - pad + stride - 1) / stride, left = (pad + stride - 1) / stride;
  const int32_t begin = stride * (output_dims->w - right) - pad;
  if (right == 0 || left + right > output_dims->w) {
    return 1;
  }
  return input_dims->w - begin == filter_dims->w - 1 && (total == 2 * pad || total - pad <= right);
}

arm_cmsis_nn_status arm_convolve_wrapper_s8(const cmsis_nn_context *ctx, const cmsis_nn_conv_params *params,
                                            const cmsis_nn_per_channel_quant_params *scales, const cmsis_nn_dims *input_dims,
                                            const int8_t *input, const cmsis_nn_dims *filter_dims, const int8_t *filter,
                                            const cmsis_nn_dims *bias_dims, const int32_t *bias,
                                            const cmsis_nn_dims *output_dims, int8_t *output) {
  (void)bias_dims;
  if (!row_fits(params, input_dims, filter_dims, output_dims)) {
    return ARM_CMSIS_NN_ARG_ERROR;
  }
  if (!use_up(ctx, arm_convolve_wrapper_s8_get_buffer_size(params, input_dims, filter_dims, output_dims))) {
    return ARM_CMSIS_NN_ARG_ERROR;
  }
  for (int32_t oy = 0; oy < output_dims->h; ++oy) {
    for (int32_t ox = 0; ox < output_dims->w; ++ox) {
      for (int32_t o = 0; o < output_dims->c; ++o) {
        const int8_t *weight = filter + o * filter_dims->h * filter_dims->w * input_dims->c;
        int32_t sum = bias ? bias[o] : 0;
        for (int32_t ky = 0; ky < filter_dims->h; ++ky) {
          const int32_t y = oy * params->stride.h - params->padding.h + ky * params->dilation.h;
          for (int32_t kx = 0; kx < filter_dims->w; ++kx, weight += input_dims->c) {
            const int32_t x = ox * params->stride.w - params->padding.w + kx * params->dilation.w;
            if (y < 0 || y >= input_dims->h || x < 0 || x >= input_dims->w) {
              continue;
            }
            const int8_t *pixel = input + (y * input_dims->w + x) * input_dims->c;
            for (int32_t c = 0; c < input_dims->c; ++c) {
              sum += weight[c] * (pixel[c] + params->input_offset);
            }
          }
        }
        *output++ = clamped(scaled(sum, scales->multiplier[o], scales->shift[o]) + params->output_offset, &params->activation);
      }
    }
  }
  return ARM_CMSIS_NN_SUCCESS;
}
