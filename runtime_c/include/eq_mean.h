/* mean, int8: mean over all pixels, one value a channel (global average pooling with its own output scale).
 *
 *   acc[c] = bias + sum over pixels of input[pixel][c];  output[c] = requantize(acc[c])          (eq_requant.h)
 *
 * The generator sets bias = -pixels * input_zero_point and folds 1/pixels into the multiplier. `requant` holds ONE
 * multiplier (and shift) for all channels. Work unit of `range`: channels. No scratch. Input and output must not
 * overlap. */
#ifndef EQ_MEAN_H
#define EQ_MEAN_H

#include "eq_requant.h"
#include "eq_types.h"

typedef struct {
  int32_t pixels;
  int32_t channels;
  int32_t bias;
  eq_requant_t requant;
} eq_mean_s8_t;

#define EQ_MEAN_S8_PROTOTYPE(name) \
  void name(const eq_mean_s8_t *p, const int8_t *restrict input, int8_t *restrict output, eq_range_t range)

EQ_MEAN_S8_PROTOTYPE(eq_mean_s8_high_scalar);
EQ_MEAN_S8_PROTOTYPE(eq_mean_s8_shift_scalar);
EQ_MEAN_S8_PROTOTYPE(eq_mean_s8_tflite_scalar);

/* rvv, any vector length. */
EQ_MEAN_S8_PROTOTYPE(eq_mean_s8_high_rvv);
EQ_MEAN_S8_PROTOTYPE(eq_mean_s8_shift_rvv);
EQ_MEAN_S8_PROTOTYPE(eq_mean_s8_tflite_rvv);

/* mve: granule 16. */
EQ_MEAN_S8_PROTOTYPE(eq_mean_s8_high_mve);
EQ_MEAN_S8_PROTOTYPE(eq_mean_s8_shift_mve);
EQ_MEAN_S8_PROTOTYPE(eq_mean_s8_tflite_mve);

#endif
