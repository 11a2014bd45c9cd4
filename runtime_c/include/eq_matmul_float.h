/* matmul in floating point: output[row][n] = clamp(factor * sum over k of left[row][k] * right[n * n_stride + k * k_stride]).
 * FP16 storage (f16) or float32 (f32), sums in float32 over k in order.
 *
 * Row r of all batches belongs to the matrix right + (r / rows) * batch_stride (0: all share one). Work unit of `range`:
 * rows of all batches. Inputs and output must not overlap. No scratch. */
#ifndef EQ_MATMUL_FLOAT_H
#define EQ_MATMUL_FLOAT_H

#include "eq_float.h"
#include "eq_types.h"

typedef struct {
  int32_t rows; /* of a batch */
  int32_t inner;
  int32_t columns;
  int32_t batch_stride;
  int32_t n_stride, k_stride;
  float factor;
  float act_min, act_max;
} eq_matmul_f32_t;

typedef eq_matmul_f32_t eq_matmul_f16_t;

void eq_matmul_f16_scalar(const eq_matmul_f16_t *p, const eq_f16_t *restrict left, const eq_f16_t *restrict right,
                          eq_f16_t *restrict output, eq_range_t range);
void eq_matmul_f32_scalar(const eq_matmul_f32_t *p, const float *restrict left, const float *restrict right,
                          float *restrict output, eq_range_t range);

#endif
