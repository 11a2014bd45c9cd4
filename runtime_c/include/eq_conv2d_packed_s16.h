/* conv2d and dwconv2d with int16 activations and int8 weights by packed instructions, in 32-bit sums: the layers of
 * eq_conv2d_s16.h whose weights and bias prove that no sum leaves int32 (edgeq/ops/wide_kernels.py), so that the order
 * of its terms does not matter. With those sums
 *
 *   y = clamp((floor(acc * m / 2^32) + 2^(s-1)) >> s),  1 <= s <= 31
 *
 * is the rounding of eq_requant_wide.h: m has 16 zero bits at its end, and s is 16 less than the shift there, so that
 * all bits below 2^32 lie below the one that rounds. output_zero_point is 0.
 *
 * K = kernel_h * kernel_w * in_c; "up" rounds up to a multiple, with zeros. bias, m and s: up(out_c, 8).
 *   weights      conv2d   xpulp  int16 [up(out_c, 4)/4][up(K, 2)/2][2 pairs of channels][2], eq_xpulp_block_s16.h
 *                         dsp    int8 [up(out_c, 2)/2][up(K, 4)][2 channels]
 *                         mve    int8 [up(out_c, 4)/4][up(K, 8)/8][4 channels][8]
 *                dwconv2d xpulp, dsp  int16 [up(channels, 4)/4][up(taps, 2)/2][4 channels][2]
 *                         mve    int8 [up(channels, 8)/8][taps][8]
 *   scratch      conv2d   int16 [pixels][up(K, ..)] of 4 (xpulp, dsp) or 2 pixels (mve); not used by xpulp and mve
 *                         where pixels are read in place: 1x1, stride 1, no padding, and K needs no rounding up
 *                dwconv2d a row of zeros [up(channels, 8)] and pointers to up(taps, 2) taps
 *
 * Work unit of `range`: output pixels. Input and output must not overlap. */
#ifndef EQ_CONV2D_PACKED_S16_H
#define EQ_CONV2D_PACKED_S16_H

#include "eq_requant.h"
#include "eq_types.h"

typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t pad_top, pad_left;
  int32_t dilation_h, dilation_w;
  const int8_t *weights;
  const int32_t *bias;
  eq_requant_t requant;
} eq_conv2d_packed_s16_t;

#define EQ_CONV2D_PACKED_S16_PROTOTYPE(name)                                                       \
  void name(const eq_conv2d_packed_s16_t *p, const int16_t *restrict input, int16_t *restrict output, \
            void *restrict scratch, eq_range_t range)

EQ_CONV2D_PACKED_S16_PROTOTYPE(eq_conv2d_s16_xpulp);
EQ_CONV2D_PACKED_S16_PROTOTYPE(eq_conv2d_s16_dsp);
EQ_CONV2D_PACKED_S16_PROTOTYPE(eq_conv2d_s16_mve);
EQ_CONV2D_PACKED_S16_PROTOTYPE(eq_dwconv2d_s16_xpulp);
EQ_CONV2D_PACKED_S16_PROTOTYPE(eq_dwconv2d_s16_dsp);
EQ_CONV2D_PACKED_S16_PROTOTYPE(eq_dwconv2d_s16_mve);

#endif
