/* conv2d_grouped, int8: 2-D convolution in groups, any kernel, stride, padding and dilation.
 *
 *   g = in_c/groups input and n = out_c/groups output channels a group; output channel o belongs to group o/n
 *   acc[oy][ox][o] = bias[o] + sum over ky,kx,i < g of weights[o][ky][kx][i] * x(iy, ix, o/n*g + i)
 *
 * x, iy, ix, bias and layout as in eq_conv2d.h. Weights: int8 in [-127,127], [out_c][kernel_h][kernel_w][g]. Work unit of
 * `range`: output pixels, granule 2. `scratch` is private to the core: 2*kernel_h*kernel_w*g bytes. Input and output must
 * not overlap. */
#ifndef EQ_CONV2D_GROUPED_H
#define EQ_CONV2D_GROUPED_H

#include "eq_requant.h"
#include "eq_types.h"

typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t pad_top, pad_left;
  int32_t dilation_h, dilation_w;
  int32_t input_zero_point;
  int32_t groups;
  const void *weights;
  const int32_t *bias; /* out_c, with the input zero point folded in */
  eq_requant_t requant;
} eq_conv2d_grouped_s8_t;

#define EQ_CONV2D_GROUPED_S8_PROTOTYPE(name)                                                                    \
  void name(const eq_conv2d_grouped_s8_t *p, const int8_t *restrict input, int8_t *restrict output,             \
            void *restrict scratch, eq_range_t range)

EQ_CONV2D_GROUPED_S8_PROTOTYPE(eq_conv2d_s8_grouped_high_scalar);
EQ_CONV2D_GROUPED_S8_PROTOTYPE(eq_conv2d_s8_grouped_shift_scalar);
EQ_CONV2D_GROUPED_S8_PROTOTYPE(eq_conv2d_s8_grouped_tflite_scalar);
EQ_CONV2D_GROUPED_S8_PROTOTYPE(eq_conv2d_s8_grouped_line_scalar);
EQ_CONV2D_GROUPED_S8_PROTOTYPE(eq_conv2d_s8_grouped_step_scalar);

#endif
