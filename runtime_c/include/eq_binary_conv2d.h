/* binary_conv2d: a convolution of signs with signs. Any kernel, stride, padding and dilation.
 *
 *   n           = bits in which the window and the filter of channel o differ; taps outside the image are bits of 0
 *   output      = clamp((base[class][o] - n * step[o]) >> 16, act_min, act_max)
 *   class       = row_class[oy] * column_classes + column_class[ox]: which taps lie inside the image
 *
 * or, of the kernels called bits, the sign behind it as a bit: 1 where n + base[class][o] < 0.
 *
 * Layout: input [in_h][in_w][words], words = ceil(in_c/32) (eq_binarize.h), bits beyond in_c 0, as in the weights
 * [up(out_c,G)/G][taps][words][G channels]; base [classes][up(out_c,G)], step [up(out_c,G)]; output int8
 * [out_h][out_w][out_c], or as the input, [out_h][out_w][ceil(out_c/32)], bits beyond out_c 0 (base is 0 there). Nothing
 * leaves int32. Work unit of `range`: output pixels; granule: 2; scratch memory: 2 pixels, 4 * taps * words bytes each.
 * `scratch` is private to the core, 16-byte aligned. Constants: edgeq/quantize/count_bits.py,
 * edgeq/ops/binary_conv2d.py. */
#ifndef EQ_BINARY_CONV2D_H
#define EQ_BINARY_CONV2D_H

#include "eq_types.h"

typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t pad_top, pad_left;
  int32_t dilation_h, dilation_w;
  int32_t column_classes;
  int32_t act_min, act_max;
  const uint32_t *weights;
  const int32_t *base, *step;
  const uint8_t *row_class, *column_class;
} eq_binary_conv2d_t;

#define EQ_BINARY_CONV2D_PROTOTYPE(name, output_t)                                                           \
  void name(const eq_binary_conv2d_t *p, const uint32_t *restrict input, output_t *restrict output,          \
            void *restrict scratch, eq_range_t range)

/* act_min, act_max and step are not read by the second of each pair. */
EQ_BINARY_CONV2D_PROTOTYPE(eq_binary_conv2d_scalar, int8_t); /* G = 4 */
EQ_BINARY_CONV2D_PROTOTYPE(eq_binary_conv2d_bits_scalar, uint32_t);
EQ_BINARY_CONV2D_PROTOTYPE(eq_binary_conv2d_dsp, int8_t); /* G = 4 */
EQ_BINARY_CONV2D_PROTOTYPE(eq_binary_conv2d_bits_dsp, uint32_t);
EQ_BINARY_CONV2D_PROTOTYPE(eq_binary_conv2d_xpulp, int8_t); /* G = 8 */
EQ_BINARY_CONV2D_PROTOTYPE(eq_binary_conv2d_bits_xpulp, uint32_t);
EQ_BINARY_CONV2D_PROTOTYPE(eq_binary_conv2d_mve, int8_t); /* G = 4 */
EQ_BINARY_CONV2D_PROTOTYPE(eq_binary_conv2d_bits_mve, uint32_t);

#endif
