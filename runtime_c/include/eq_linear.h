/* linear, int8: fully connected layer over the last axis.
 *
 *   acc[r][o] = bias[o] + sum over i of weights[o][i] * input[r][i];  output[r][o] = requantize(acc)   (eq_requant.h)
 *
 * `rows` input vectors (1 for a classifier head). The input's zero point is folded into `bias`.
 * Work unit of `range`: output channels (each core computes its channels of every row). Input and output must not
 * overlap. `scratch` is private to the core, 16-byte aligned; bytes stated per kernel. */
#ifndef EQ_LINEAR_H
#define EQ_LINEAR_H

#include "eq_requant.h"
#include "eq_types.h"

typedef struct {
  int32_t rows;
  int32_t in_features;
  int32_t out_features;
  const void *weights; /* packed for the kernel */
  const int32_t *bias; /* out_features, with the input zero point folded in */
  eq_requant_t requant;
} eq_linear_s8_t;

#define EQ_LINEAR_S8_PROTOTYPE(name)                                                                          \
  void name(const eq_linear_s8_t *p, const int8_t *restrict input, int8_t *restrict output, void *restrict scratch, \
            eq_range_t range)

/* Any `range` is right; `granule` is the block that loses nothing when channels are split over cores. K = in_features;
 * up(n, m) rounds n up to a multiple of m; channels beyond out_features and bytes beyond K are zero in packed weights.
 *
 * scalar: weights [out_features][K]; no scratch; granule 4. */
EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_high_scalar);
EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_shift_scalar);
EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_tflite_scalar);
EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_line_scalar);
EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_step_scalar);

/* dsp: granule 4; weights 4-byte aligned, quads of channel pairs as in eq_conv2d.h but two pairs interleaved:
 * [up(out_features,4)/4][up(K,4)/4][2 pairs][8 bytes]. Scratch: 2*up(K,4) bytes.
 * Built by edgeq/packing/dsp.py: pack_linear, scratch_linear. */
EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_high_dsp);
EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_shift_dsp);
EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_tflite_dsp);
EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_line_dsp);
EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_step_dsp);

/* mve: granule 4. Layout [up(out_features,4)/4][up(K,16)/16][4 channels][16 bytes] (as conv2d).
 * Scratch: 2*up(K,16) bytes, none if K % 16 == 0. Built by edgeq/packing/mve.py: pack_linear, scratch_linear. */
EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_high_mve);
EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_shift_mve);
EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_tflite_mve);
EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_line_mve);
EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_step_mve);

/* rvv, any vector length: weights [K][out_features]; no scratch. Built by edgeq/packing/rvv.py: order_linear. */
EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_high_rvv);
EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_shift_rvv);
EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_tflite_rvv);
EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_line_rvv);
EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_step_rvv);

/* xpulp: granule 8; weights 4-byte aligned. Layout [up(out_features,4)/4][up(K,4)/4][4 channels][4 bytes] (as conv2d).
 * Scratch: up(K,4) bytes, none if K % 4 == 0. Built by edgeq/packing/xpulp.py: pack_linear, scratch_linear. */
EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_high_xpulp);
EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_shift_xpulp);
EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_tflite_xpulp);
EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_line_xpulp);
EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_step_xpulp);

/* rv32im: granule 4. Weights 4-byte aligned, 32-bit words: for each four channels where their stream begins (in words),
 * then the streams, as in src/common/eq_rv32im_block.h but of four channels and quads of one row. Scratch: 3*up(K,4)
 * bytes; up(K,4) <= 5460. Built by edgeq/packing/rv32im.py: pack_linear, scratch_linear. */
EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_high_rv32im);
EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_shift_rv32im);
EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_tflite_rv32im);
EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_line_rv32im);
EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_step_rv32im);

#endif
