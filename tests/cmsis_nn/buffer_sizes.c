/* Reads geometries, a line each, and prints what CMSIS-NN says of the buffers of a convolution and of a depthwise one for
 * Helium, the same for DSP, and of an average pool for both. */
#include <stdio.h>

#include "arm_nnfunctions.h"

int main(void) {
  int v[12];
  for (;;) {
    for (int i = 0; i < 12; ++i) {
      if (scanf("%d", &v[i]) != 1) {
        return 0;
      }
    }
    const cmsis_nn_dims input = {1, v[0], v[1], v[2]}, filter = {8, v[4], v[5], v[2]}, output = {1, 1, v[3], 8};
    const cmsis_nn_dims taps = {1, v[4], v[5], v[2]}, same = {1, 1, v[3], v[2]};
    const cmsis_nn_conv_params conv = {
      .stride = {.h = v[6], .w = v[7]}, .padding = {.h = v[8], .w = v[9]}, .dilation = {.h = v[10], .w = v[11]}};
    const cmsis_nn_dw_conv_params depthwise = {
      .ch_mult = 1, .stride = conv.stride, .padding = conv.padding, .dilation = conv.dilation};
    printf("%d %d %d %d %d %d\n", (int)arm_convolve_wrapper_s8_get_buffer_size_mve(&conv, &input, &filter, &output),
           (int)arm_depthwise_conv_wrapper_s8_get_buffer_size_mve(&depthwise, &input, &taps, &same),
           (int)arm_convolve_wrapper_s8_get_buffer_size_dsp(&conv, &input, &filter, &output),
           (int)arm_depthwise_conv_wrapper_s8_get_buffer_size_dsp(&depthwise, &input, &taps, &same),
           (int)arm_avgpool_s8_get_buffer_size_mve(v[3], v[2]), (int)arm_avgpool_s8_get_buffer_size_dsp(v[3], v[2]));
  }
}
