/* dwconv2d, int8: depthwise 2-D convolution, channel multiplier 1, any kernel, stride, padding and dilation.
 *
 *   acc[oy][ox][c] = bias[c] + sum over ky,kx of weights[c][ky][kx] * x(iy, ix, c)      (x, bias, layout: eq_conv2d.h)
 *
 * out_c == in_c in the parameters.
 * `scratch` is private to the core, 16-byte aligned. Input and output must not overlap. */
#ifndef EQ_DWCONV2D_H
#define EQ_DWCONV2D_H

#include "eq_conv2d.h"

typedef eq_conv2d_s8_t eq_dwconv2d_s8_t;
#define EQ_DWCONV2D_S8_PROTOTYPE(name) EQ_CONV2D_S8_PROTOTYPE(name)

/* Any `range` is right. Work unit of `range`: output pixels if not said otherwise. taps = kernel_h*kernel_w in the
 * order [kernel_h][kernel_w]; up(n, m) rounds n up to a multiple of m; channels and taps added by rounding have zero
 * weights.
 *
 * scalar: weights [taps][channels]; no scratch; granule 1. */
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_high_scalar);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_shift_scalar);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_tflite_scalar);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_line_scalar);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_step_scalar);

/* dsp: granule 1; weights 4-byte aligned little-endian int16, [up(channels,4)/4][up(taps,2)/2][4 channels][2 taps], the
 * four channels in the order 0 2 1 3. Scratch: 4*up(taps,2) + up(channels,4) bytes.
 * Built by edgeq/packing/dsp.py: pack_dwconv2d, scratch_dwconv2d. */
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_high_dsp);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_shift_dsp);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_tflite_dsp);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_line_dsp);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_step_dsp);

/* dsp, kernel 3x3 with dilation 1, any stride and padding. Work unit of `range`: CHANNELS, granule 4 (begin a multiple
 * of 4 is fastest, any is right). Weights 4-byte aligned little-endian int16, per channel ten:
 * w00 w01, w10 w11, w20 w21, w02 w12, w22 0 (w[ky][kx]). Scratch: 8 + 32*((min(out_h,32)-1)*stride_h + 3) bytes.
 * Built by edgeq/packing/dsp.py: pack_dwconv2d_k3x3, scratch_dwconv2d_k3x3. */
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_k3x3_high_dsp);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_k3x3_shift_dsp);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_k3x3_tflite_dsp);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_k3x3_line_dsp);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_k3x3_step_dsp);

/* mve: granule 1. Layout [up(channels,16)/16][taps][16 channels]. Scratch: 4*taps + channels bytes.
 * Built by edgeq/packing/mve.py: pack_dwconv2d, scratch_dwconv2d. */
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_high_mve);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_shift_mve);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_tflite_mve);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_line_mve);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_step_mve);

/* mve, kernel_h <= 4 and kernel_w <= 4, any stride, padding and dilation. Work unit of `range`: CHANNELS, granule 16.
 * Layout [channels][4][4] (kernel rows and columns beyond the kernel are zero).
 * Scratch: 16 + 64*((up(min(out_h,n),4) - 1)*stride_h + 3*dilation_h + 1) bytes, n = 32 if stride_h is 1, else 16.
 * Built by edgeq/packing/mve.py: pack_dwconv2d_k4x4, scratch_dwconv2d_k4x4. */
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_k4x4_high_mve);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_k4x4_shift_mve);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_k4x4_tflite_mve);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_k4x4_line_mve);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_k4x4_step_mve);

/* rvv, any vector length: granule 2; weights [taps][channels]. Scratch: as conv2d.
 * Built by edgeq/packing/rvv.py: order_dwconv2d, scratch_dwconv2d. */
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_high_rvv);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_shift_rvv);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_tflite_rvv);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_line_rvv);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_step_rvv);

/* xpulp: granule 1; weights 4-byte aligned. Layout [up(channels,4)/4][up(taps,4)/4][4 channels][4 taps].
 * Scratch: 8*up(taps,4) + channels bytes. Built by edgeq/packing/xpulp.py: pack_dwconv2d, scratch_dwconv2d. */
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_high_xpulp);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_shift_xpulp);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_tflite_xpulp);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_line_xpulp);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_step_xpulp);

/* xpulp, kernel_h <= 4 and kernel_w <= 4, any stride, padding and dilation. Work unit of `range`: CHANNELS, granule 4.
 * Weights 4-byte aligned, layout [channels][4 kernel rows][4 kernel columns] (zero beyond the kernel).
 * Scratch: 16 + 16*((min(out_h,32) - 1)*stride_h + 3*dilation_h + 1) bytes.
 * Built by edgeq/packing/xpulp.py: pack_dwconv2d_k4x4, scratch_dwconv2d_k4x4. */
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_k4x4_high_xpulp);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_k4x4_shift_xpulp);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_k4x4_tflite_xpulp);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_k4x4_line_xpulp);
EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_k4x4_step_xpulp);

/* rv32im, kernel 3x3 with dilation 1, any stride and padding. Work unit of `range`: CHANNELS, granule 4. Weights
 * [channels][3][3]. Scratch: 4*n*((out_w - 1)*stride_w + 3) bytes, n = 36 if stride_h is 1, else
 * (min(out_h,32) - 1)*stride_h + 3. The output may lie over the input when out_h <= 32, out_h == in_h and out_w == in_w.
 * Built by edgeq/packing/rv32im.py: pack_dwconv2d_k3x3, scratch_dwconv2d_k3x3. */
EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_dwconv2d_s8_k3x3_high_rv32im);
EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_dwconv2d_s8_k3x3_shift_rv32im);
EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_dwconv2d_s8_k3x3_tflite_rv32im);
EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_dwconv2d_s8_k3x3_line_rv32im);
EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_dwconv2d_s8_k3x3_step_rv32im);

/* A layer with in_h == out_h and in_w == out_w over its own input: `image` holds the input and receives the output,
 * `group` channels at a time, whose input is copied to `plane` first (in_h*in_w*group bytes a core, 4-byte aligned).
 * For kernels whose work unit is channels and whose weights take `channel_bytes` a channel. Several cores may work on
 * ranges of their own: begin a multiple of `group`, which is a multiple of 4. `scratch` is the kernel's. */
void eq_dwconv2d_s8_planar(const eq_dwconv2d_s8_t *p, eq_conv2d_s8_kernel_t kernel, int8_t *image, int8_t *plane,
                           void *scratch, int32_t group, int32_t channel_bytes, eq_range_t range);

#endif
