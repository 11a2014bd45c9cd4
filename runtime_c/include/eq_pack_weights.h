/* pack_weights: a trained parameter, float32, as a kernel reads it, in FP16 storage (f16) or float32 (f32).
 *
 *   filters:    [out_c][K] -> [up(out_c, lanes)/lanes][up(K, step)/pair][lanes][pair], K = (tap, in_c)
 *   transposed: [out_c][kernel_h][kernel_w][in_c] -> phase by phase (eq_conv2d_igrad.h) [up(in_c, lanes)/lanes]
 *               [up(K, step)/pair][lanes][pair], K = (tap of the phase, out_c), the last tap first
 *   flipped:    [out_c = (kernel_h, kernel_w)][in_c] -> phase by phase [taps][in_c], the last tap first
 *   plain:      [rows = out_c][in_c] -> [up(rows * in_c, lanes)]
 *
 * with zeros as filling. `pair`: 1 or 2. Of the channels (out_c; flipped and plain: in_c) the first `trained`
 * are parameters, and `rest` has the others in the same order, NULL if there are none. Work unit of `range`: blocks
 * of `lanes`, flipped: channels. No scratch. */
#ifndef EQ_PACK_WEIGHTS_H
#define EQ_PACK_WEIGHTS_H

#include "eq_float.h"
#include "eq_types.h"

typedef enum { EQ_PACK_PLAIN, EQ_PACK_FILTERS, EQ_PACK_TRANSPOSED, EQ_PACK_FLIPPED } eq_pack_order_t;

typedef struct {
  eq_pack_order_t order;
  int32_t out_c, in_c;
  int32_t trained;
  const float *rest;
  int32_t lanes, step, pair;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
} eq_pack_weights_t;

void eq_pack_weights_f16_scalar(const eq_pack_weights_t *p, const float *restrict weights, eq_f16_t *restrict packed,
                                eq_range_t range);
void eq_pack_weights_f32_scalar(const eq_pack_weights_t *p, const float *restrict weights, float *restrict packed,
                                eq_range_t range);

#endif
