#include "stand_in.h"

arm_cmsis_nn_status arm_elementwise_add_s8(const int8_t *input_1_vect, const int8_t *input_2_vect,
                                           const int32_t input_1_offset, const int32_t input_1_mult,
                                           const int32_t input_1_shift, const int32_t input_2_offset,
                                           const int32_t input_2_mult, const int32_t input_2_shift, const int32_t left_shift,
                                           int8_t *output, const int32_t out_offset, const int32_t out_mult,
                                           const int32_t out_shift, const int32_t out_activation_min,
                                           const int32_t out_activation_max, const int32_t block_size) {
  const cmsis_nn_activation bounds = {out_activation_min, out_activation_max};
  for (int32_t i = 0; i < block_size; ++i) {
    const int32_t first = scaled((input_1_vect[i] + input_1_offset) * (1 << left_shift), input_1_mult, input_1_shift);
    const int32_t second = scaled((input_2_vect[i] + input_2_offset) * (1 << left_shift), input_2_mult, input_2_shift);
    output[i] = clamped(scaled(first + second, out_mult, out_shift) + out_offset, &bounds);
  }
  return ARM_CMSIS_NN_SUCCESS;
}
