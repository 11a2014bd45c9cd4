/* binary_conv2d: a convolution of signs with signs. Any kernel, stride, padding and dilation.
 *
 *   acc[oy][ox][o] = bias[o] + sum over taps inside the image and channels of +-1 * +-1
 *                  = bias[o] + products - 2 * (bits that differ) - (taps outside)      output = requantize(acc)
 *
 * `bias` holds the number of products, kernel_h*kernel_w*in_c, already. A tap outside the image is read as bits of 0, that
 * is -1, and taken back by the sum of its weights.
 * Layout: input [in_h][in_w][words], words = ceil(in_c/32) (eq_binarize.h); weights [up(out_c,4)/4][taps][words][4
 * channels], bits beyond in_c 0; tap_sums [taps][out_c]; output int8 [out_h][out_w][out_c]. Forms: high and shift
 * (eq_requant.h). Work unit of `range`: output pixels. `scratch` is private to the core, 16-byte aligned: 4 * (taps*words
 * + up(out_c,4)) bytes for each pixel that a kernel takes at a time. */
#ifndef EQ_BINARY_CONV2D_H
#define EQ_BINARY_CONV2D_H

#include "eq_requant.h"
#include "eq_types.h"

typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t pad_top, pad_left;
  int32_t dilation_h, dilation_w;
  const uint32_t *weights;
  const int32_t *bias;
  const int16_t *tap_sums;
  eq_requant_t requant;
} eq_binary_conv2d_t;

#define EQ_BINARY_CONV2D_PROTOTYPE(name)                                                                            \
  void name(const eq_binary_conv2d_t *p, const uint32_t *restrict input, int8_t *restrict output, void *restrict scratch, \
            eq_range_t range)

/* scalar: 2 pixels at a time. */
EQ_BINARY_CONV2D_PROTOTYPE(eq_binary_conv2d_high_scalar);
EQ_BINARY_CONV2D_PROTOTYPE(eq_binary_conv2d_shift_scalar);

/* xpulp: 4 pixels at a time. */
EQ_BINARY_CONV2D_PROTOTYPE(eq_binary_conv2d_high_xpulp);
EQ_BINARY_CONV2D_PROTOTYPE(eq_binary_conv2d_shift_xpulp);

/* mve: 2 pixels at a time. */
EQ_BINARY_CONV2D_PROTOTYPE(eq_binary_conv2d_high_mve);
EQ_BINARY_CONV2D_PROTOTYPE(eq_binary_conv2d_shift_mve);

/* Defines the functions of an instruction set from a static EQ_INLINE conv2d(p, input, output, scratch, range, form). */
#define EQ_BINARY_CONV2D_FUNCTIONS(isa)                              \
  EQ_BINARY_CONV2D_PROTOTYPE(eq_binary_conv2d_high_##isa) {          \
    conv2d(p, input, output, scratch, range, EQ_REQUANT_HIGH);       \
  }                                                                  \
  EQ_BINARY_CONV2D_PROTOTYPE(eq_binary_conv2d_shift_##isa) {         \
    conv2d(p, input, output, scratch, range, EQ_REQUANT_SHIFT);      \
  }

#endif
