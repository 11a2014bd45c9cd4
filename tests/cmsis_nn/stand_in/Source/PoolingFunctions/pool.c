#include "stand_in.h"

int32_t arm_avgpool_s8_get_buffer_size(const int output_x, const int ch_src) {
  (void)output_x;
  return HAS_DSP ? ch_src * (int32_t)sizeof(int32_t) : 0;
}

/* The average of a window's pixels, halves away from zero, or their largest value. */
static arm_cmsis_nn_status pool(int average, const cmsis_nn_pool_params *params, const cmsis_nn_dims *input_dims,
                                const int8_t *input, const cmsis_nn_dims *filter_dims, const cmsis_nn_dims *output_dims,
                                int8_t *output) {
  for (int32_t oy = 0; oy < output_dims->h; ++oy) {
    for (int32_t ox = 0; ox < output_dims->w; ++ox) {
      for (int32_t c = 0; c < input_dims->c; ++c) {
        int32_t sum = 0, most = -128, count = 0;
        for (int32_t ky = 0; ky < filter_dims->h; ++ky) {
          const int32_t y = oy * params->stride.h - params->padding.h + ky;
          for (int32_t kx = 0; kx < filter_dims->w; ++kx) {
            const int32_t x = ox * params->stride.w - params->padding.w + kx;
            if (y >= 0 && y < input_dims->h && x >= 0 && x < input_dims->w) {
              const int32_t value = input[(y * input_dims->w + x) * input_dims->c + c];
              sum += value;
              most = value > most ? value : most;
              ++count;
            }
          }
        }
        if (count == 0) {
          return ARM_CMSIS_NN_ARG_ERROR;
        }
        const int32_t mean = (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
        *output++ = clamped(average ? mean : most, &params->activation);
      }
    }
  }
  return ARM_CMSIS_NN_SUCCESS;
}

arm_cmsis_nn_status arm_avgpool_s8(const cmsis_nn_context *ctx, const cmsis_nn_pool_params *params,
                                   const cmsis_nn_dims *input_dims, const int8_t *input, const cmsis_nn_dims *filter_dims,
                                   const cmsis_nn_dims *output_dims, int8_t *output) {
  if (!use_up(ctx, arm_avgpool_s8_get_buffer_size(output_dims->w, input_dims->c))) {
    return ARM_CMSIS_NN_ARG_ERROR;
  }
  return pool(1, params, input_dims, input, filter_dims, output_dims, output);
}

arm_cmsis_nn_status arm_max_pool_s8(const cmsis_nn_context *ctx, const cmsis_nn_pool_params *params,
                                    const cmsis_nn_dims *input_dims, const int8_t *input, const cmsis_nn_dims *filter_dims,
                                    const cmsis_nn_dims *output_dims, int8_t *output) {
  (void)ctx;
  return pool(0, params, input_dims, input, filter_dims, output_dims, output);
}
