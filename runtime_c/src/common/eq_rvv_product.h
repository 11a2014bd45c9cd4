/* The matrix product of the RISC-V vector kernels: one to three pixels times a vector of output channels.
 *
 * Weights are [K][out_c], so that the weights of one input byte for all channels lie side by side and no layout depends
 * on the vector length. A vector of weights is widened to 16 bits once and multiplied by a byte of each pixel
 * (VWMACC.VX): 2 * EQ_RVV_PIXELS + 3 instructions for EQ_RVV_PIXELS vectors of products. Three pixels' sums fill 24 of
 * the 32 registers. */
#ifndef EQ_RVV_PRODUCT_H
#define EQ_RVV_PRODUCT_H

#include "eq_rvv.h"
#include "eq_rvv_pixels.h"

enum { EQ_RVV_PIXELS = 3 };

/* A layer's constants. */
typedef struct {
  const int8_t *weights; /* [K][out_c] */
  const int32_t *bias;
  int32_t out_c; /* also the bytes from one pixel of the output to the next */
  eq_requant_t requant;
} eq_rvv_layer_t;

/* Products of one input byte of each of `count` pixels; moves `w` to the weights of the next. */
#define EQ_RVV_STEP(i)                                                                     \
  do {                                                                                     \
    const vint16m4_t weights_ = __riscv_vsext_vf2_i16m4(__riscv_vle8_v_i8m2(w, vl), vl);   \
    s0 = __riscv_vwmacc_vx_i32m8(s0, x0[i], weights_, vl);                                 \
    if (count > 1) {                                                                       \
      s1 = __riscv_vwmacc_vx_i32m8(s1, x1[i], weights_, vl);                               \
    }                                                                                      \
    if (count > 2) {                                                                       \
      s2 = __riscv_vwmacc_vx_i32m8(s2, x2[i], weights_, vl);                               \
    }                                                                                      \
    w += stride;                                                                           \
  } while (0)

/* The channels in `channels` of `count` pixels, which is a compile-time constant; y is channel 0 of the first. */
static EQ_INLINE void eq_rvv_count_product(const eq_rvv_layer_t *layer, eq_rvv_pixels_t x, eq_range_t channels,
                                           int8_t *y, int32_t count, eq_requant_form_t form) {
  const int32_t stride = layer->out_c;
  size_t vl;
  for (int32_t o = channels.begin; o < channels.end; o += (int32_t)vl) {
    vl = __riscv_vsetvl_e32m8((size_t)(channels.end - o));
    vint32m8_t s0 = __riscv_vle32_v_i32m8(layer->bias + o, vl), s1 = s0, s2 = s0;
    const int8_t *w = layer->weights + o, *row = x.first;
    for (int32_t r = x.rows; r > 0; r--, row += x.row_step) {
      const int8_t *column = row;
      for (int32_t i = x.columns; i > 0; i--, column += x.column_step) {
        const int8_t *x0 = column, *x1 = x0 + x.pitch, *x2 = x1 + x.pitch;
        const int8_t *const end = column + x.run;
        for (; end - x0 >= 4; x0 += 4, x1 += 4, x2 += 4) {
          EQ_RVV_STEP(0);
          EQ_RVV_STEP(1);
          EQ_RVV_PIN();
          EQ_RVV_STEP(2);
          EQ_RVV_STEP(3);
          EQ_RVV_PIN();
        }
        for (; x0 < end; x0++, x1++, x2++) {
          EQ_RVV_STEP(0);
        }
      }
    }
    eq_rvv_store(&layer->requant, s0, o, y + o, vl, form);
    if (count > 1) {
      eq_rvv_store(&layer->requant, s1, o, y + stride + o, vl, form);
    }
    if (count > 2) {
      eq_rvv_store(&layer->requant, s2, o, y + 2 * stride + o, vl, form);
    }
  }
}

/* The output channels in `channels` of 1 to EQ_RVV_PIXELS pixels. */
static EQ_INLINE void eq_rvv_product(const eq_rvv_layer_t *layer, eq_rvv_pixels_t x, eq_range_t channels, int8_t *y,
                                     int32_t count, eq_requant_form_t form) {
  if (count == 3) {
    eq_rvv_count_product(layer, x, channels, y, 3, form);
  } else if (count == 2) {
    eq_rvv_count_product(layer, x, channels, y, 2, form);
  } else {
    eq_rvv_count_product(layer, x, channels, y, 1, form);
  }
}

#endif
