/* conv2d, int8: 2-D convolution, any kernel, stride, padding and dilation.
 *
 *   acc[oy][ox][o] = bias[o] + sum over ky,kx,i of weights[o][ky][kx][i] * x(oy*stride_h - pad_top + ky*dilation_h,
 *                                                                         ox*stride_w - pad_left + kx*dilation_w, i)
 *   x(iy, ix, i)   = input[iy][ix][i] inside the image, input_zero_point outside
 *   output         = requantize(acc)                                                    (eq_requant.h)
 *
 * The input's zero point is folded into `bias` when the code is generated (bias - zero_point * sum of weights), so
 * kernels multiply raw input bytes; padding is filled with the zero point.
 * Layout: input [in_h][in_w][in_c], output [out_h][out_w][out_c]. Weights: int8 in [-127,127]; the order belongs to the
 * kernel and is stated at each prototype. Work unit of `range`: output pixels, oy*out_w + ox.
 * `scratch` is private to the core, 16-byte aligned; bytes stated per kernel. Input and output must not overlap, except
 * where a kernel says that they may be the same memory; then on any number of cores. */
#ifndef EQ_CONV2D_H
#define EQ_CONV2D_H

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
  const void *weights; /* packed for the kernel */
  const int32_t *bias; /* out_c, with the input zero point folded in */
  eq_requant_t requant;
} eq_conv2d_s8_t;

/* Five functions a kernel, one a requantization form: <kernel>_high_<isa>, <kernel>_shift_<isa>,
 * <kernel>_tflite_<isa>, <kernel>_line_<isa>, <kernel>_step_<isa>. */
#define EQ_CONV2D_S8_PROTOTYPE(name)                                                                          \
  void name(const eq_conv2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output, void *restrict scratch, \
            eq_range_t range)

/* The same for kernels whose output may lie over their input where that is stated. */
#define EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(name)                                                                 \
  void name(const eq_conv2d_s8_t *p, const int8_t *input, int8_t *output, void *scratch, eq_range_t range)

/* General kernels: every geometry. Pointwise kernels: kernel 1x1, stride 1, no padding (pads are ignored), so that
 * out_h*out_w == in_h*in_w. Any `range` is right; `granule` is the block that loses nothing when work is split.
 * In what follows K = kernel_h*kernel_w*in_c is the length of a filter in the order [kernel_h][kernel_w][in_c], and
 * up(n, m) rounds n up to a multiple of m. Channels beyond out_c and filter bytes beyond K are zero in packed weights.
 *
 * scalar: weights [out_c][K]; granule 2. Scratch: general 2*K bytes; pointwise none. */
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_high_scalar);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_shift_scalar);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_tflite_scalar);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_line_scalar);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_step_scalar);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_pointwise_high_scalar);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_pointwise_shift_scalar);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_pointwise_tflite_scalar);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_pointwise_line_scalar);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_pointwise_step_scalar);

/* dsp: granule 4; weights 4-byte aligned. Pairs of output channels (even, odd), quads of filter bytes k..k+3: one pair
 * of bytes is h = even + 256*odd as a little-endian halfword; a quad is h[k], h[k+2], h[k+1], h[k+3].
 * Layout [up(out_c,2)/2][up(K,4)/4][8 bytes]. Scratch: general 8*up(K,4) bytes, and up(K,4) more if in_c % 4 != 0;
 * pointwise 8*up(K,4). Pointwise: the output may lie over the input when out_c == in_c. Built by
 * edgeq/packing/dsp.py: pack_conv2d, scratch_conv2d, scratch_conv2d_pointwise. */
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_high_dsp);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_shift_dsp);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_tflite_dsp);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_line_dsp);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_step_dsp);
EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_pointwise_high_dsp);
EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_pointwise_shift_dsp);
EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_pointwise_tflite_dsp);
EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_pointwise_line_dsp);
EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_pointwise_step_dsp);

/* mve: granule 2. Layout [up(out_c,4)/4][up(K,16)/16][4 channels][16 filter bytes].
 * Scratch: general 2*up(K,16) bytes, 3*up(K,16) if a patch lies within 256 bytes of the image; pointwise 2*up(K,16),
 * none if in_c % 16 == 0 and not in_c == out_c > 64. Pointwise: the output may lie over the input when out_c == in_c.
 * Built by edgeq/packing/mve.py: pack_conv2d, scratch_conv2d, scratch_conv2d_pointwise. */
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_high_mve);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_shift_mve);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_tflite_mve);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_line_mve);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_step_mve);
EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_pointwise_high_mve);
EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_pointwise_shift_mve);
EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_pointwise_tflite_mve);
EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_pointwise_line_mve);
EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_pointwise_step_mve);

/* rvv, any vector length: granule 3. Layout [K][out_c], nothing rounded up. Scratch: general
 * kernel_h*((min(out_w,12) - 1)*stride_w + (kernel_w - 1)*dilation_w + 1)*in_c bytes; pointwise 3*in_c if out_c == in_c,
 * else none. Pointwise: the output may lie over the input when out_c == in_c. Built by
 * edgeq/packing/rvv.py: order_conv2d, scratch_conv2d, scratch_conv2d_pointwise. */
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_high_rvv);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_shift_rvv);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_tflite_rvv);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_line_rvv);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_step_rvv);
EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_pointwise_high_rvv);
EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_pointwise_shift_rvv);
EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_pointwise_tflite_rvv);
EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_pointwise_line_rvv);
EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_pointwise_step_rvv);

/* xpulp: granule 4; weights 4-byte aligned. Layout [up(out_c,4)/4][up(K,4)/4][4 channels][4 filter bytes].
 * Scratch: general 4*up(K,4) bytes; pointwise the same, none if in_c % 4 == 0. Built by edgeq/packing/xpulp.py:
 * pack_conv2d, scratch_conv2d, scratch_conv2d_pointwise. Runs on any target (eq_xcv.h). */
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_high_xpulp);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_shift_xpulp);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_tflite_xpulp);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_line_xpulp);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_step_xpulp);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_pointwise_high_xpulp);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_pointwise_shift_xpulp);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_pointwise_tflite_xpulp);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_pointwise_line_xpulp);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_pointwise_step_xpulp);

/* xpulp, kernel_w == 3, stride_w == 1 and dilation_w == 1, any kernel_h, stride_h, dilation_h and padding: granule 8
 * (whole rows where out_w is no multiple of 8); weights 4-byte aligned.
 * Layout [up(out_c,4)/2][kernel_h][up(in_c,4)/4][3 columns][2 channels][4 input channels].
 * Scratch: 10*kernel_h*up(in_c,4) bytes. Built by edgeq/packing/xpulp.py: pack_conv2d_kx3, scratch_conv2d_kx3. */
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_kx3_high_xpulp);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_kx3_shift_xpulp);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_kx3_tflite_xpulp);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_kx3_line_xpulp);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_kx3_step_xpulp);

/* Any of the kernels of conv2d and dwconv2d, for eq_conv2d_s8_rolling. */
typedef void (*eq_conv2d_s8_kernel_t)(const eq_conv2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                                      void *restrict scratch, eq_range_t range);

/* The layer over its own input: `image` holds the input and receives the output, `band_rows` output rows at a time.
 *
 * `rows` is memory for the input rows under one band, in_w*in_c*((band_rows - 1)*stride_h + (kernel_h - 1)*dilation_h +
 * 1) bytes, 16-byte aligned; what a band overwrites has been copied there before. The generator chooses this only where
 * no band's output reaches an input row that is still to be copied:
 *   r*out_w*out_c <= in_w*in_c*min(in_h, (r - 1)*stride_h - pad_top + (kernel_h - 1)*dilation_h + 1)
 * for r = band_rows, 2*band_rows, ... and out_h. One core. `scratch` is the kernel's. Kernels whose work unit
 * is channels don't suit: see eq_dwconv2d_s8_planar. */
void eq_conv2d_s8_rolling(const eq_conv2d_s8_t *p, eq_conv2d_s8_kernel_t kernel, int8_t *image, int8_t *rows,
                          void *scratch, int32_t band_rows);

/* rv32im: granule 6. Weights 4-byte aligned, a stream of 32-bit words described in src/common/eq_rv32im_block.h: for
 * each pair of output channels its list of double words, of single words and of split words. Scratch: 13*up(K,4) bytes;
 * up(K,4) <= 5460. The output may
 * lie over the input for kernels 1x1 with stride 1, no padding and out_c == in_c. Built by edgeq/packing/rv32im.py: pack_conv2d, scratch_conv2d. */
EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_high_rv32im);
EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_shift_rv32im);
EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_tflite_rv32im);
EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_line_rv32im);
EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_step_rv32im);

/* Winograd kernels, exact: kernel 3x3, stride 1, dilation 1, any padding, size and channel count; granule a row of
 * tiles, side*out_w. Weights: int16, transformed when the code is generated (src/common/eq_winograd.h), with limits on
 * what a channel's weights add up to, because sums are computed modulo 2^32. F(2x2): 128 * sum of magnitudes < 2^29; F(4x4):
 * < 2^25. Built, and the limits checked, by edgeq/packing/winograd.py: obstacle, pack_*, scratch_*.
 *
 * winograd2x2, dsp: weights 4-byte aligned. Layout [up(out_c,2)/2][4 columns][4 rows][up(in_c,4)/2][2 channels][2 input
 * channels], of each quad the input channels 0 and 2, then 1 and 3. Scratch: 128*up(in_c,4) + 512 + the
 * larger of 16*in_c + 4 and 16*out_c bytes.
 * winograd2x2 and winograd4x4, rv32im: n = 16 or 36 positions row by row, layout [up(out_c,4)/4][n][in_c][4 channels].
 * Scratch: n*(8*in_c + 64) + the larger of n*in_c and 4*side*side*out_c bytes. */
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_winograd2x2_high_dsp);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_winograd2x2_shift_dsp);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_winograd2x2_tflite_dsp);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_winograd2x2_line_dsp);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_winograd2x2_step_dsp);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_winograd2x2_high_rv32im);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_winograd2x2_shift_rv32im);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_winograd2x2_tflite_rv32im);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_winograd2x2_line_rv32im);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_winograd2x2_step_rv32im);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_winograd4x4_high_rv32im);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_winograd4x4_shift_rv32im);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_winograd4x4_tflite_rv32im);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_winograd4x4_line_rv32im);
EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_winograd4x4_step_rv32im);

#endif
