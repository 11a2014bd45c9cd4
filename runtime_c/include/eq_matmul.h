/* matmul, int8: products of matrices that are both activations, one product a batch.
 *
 *   acc[b][m][n] = sum over k of (input1[b][m][k] + offset1) * (input2[b * batch_stride + n * n_stride + k * k_stride]
 *                                                               + offset2)
 *   output[b][m][n] = requantize(acc)                                                          (eq_requant.h)
 *
 * input1 is [batches][rows][inner], output [batches][rows][columns]; the strides of input2 tell whether it is
 * transposed, and batch_stride 0 that all batches share it. `requant` holds ONE multiplier (and shift); the generator
 * guarantees inner < 2^15. With int16 activations both offsets are 0, sums have 64 bits and are requantized as
 * eq_requant_wide.h states. Work unit of `range`: batches * rows. Input and output must not overlap. Scratch:
 * none for `scalar` and int16; for the others a panel of columns and the rows that meet it (eq_matmul_panel.h),
 * so many bytes as edgeq/ops/matmul.py says. */
#ifndef EQ_MATMUL_H
#define EQ_MATMUL_H

#include "eq_requant.h"
#include "eq_types.h"

typedef struct {
  int32_t rows;
  int32_t inner;
  int32_t columns;
  int32_t batch_stride, n_stride, k_stride;
  int32_t offset1, offset2;
  eq_requant_t requant;
} eq_matmul_s8_t;

#define EQ_MATMUL_S8_PROTOTYPE(name)                                                                          \
  void name(const eq_matmul_s8_t *p, const int8_t *input1, const int8_t *input2, int8_t *restrict output, \
            void *restrict scratch, eq_range_t range)

#define EQ_MATMUL_S8_FORMS(isa)                         \
  EQ_MATMUL_S8_PROTOTYPE(eq_matmul_s8_high_##isa);  \
  EQ_MATMUL_S8_PROTOTYPE(eq_matmul_s8_shift_##isa); \
  EQ_MATMUL_S8_PROTOTYPE(eq_matmul_s8_tflite_##isa)

EQ_MATMUL_S8_FORMS(scalar);
EQ_MATMUL_S8_FORMS(panel_scalar);
EQ_MATMUL_S8_FORMS(dsp);
EQ_MATMUL_S8_FORMS(mve);
EQ_MATMUL_S8_FORMS(xpulp);

void eq_matmul_s16_scalar(const eq_matmul_s8_t *p, const int16_t *input1, const int16_t *input2,
                          int16_t *restrict output, void *restrict scratch, eq_range_t range);

#endif
