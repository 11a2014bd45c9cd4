/* svdf: the time filters of an SVDF layer, a window of int8 or int16 elements.
 *
 *   acc[u] = bias[u] + sum over i < length of weights[u][i] * window[u][i];  output[u] = requantize(acc)  (eq_requant.h)
 *
 * Weights have the window's type, whose zero point is folded into `bias`. Sums wrap modulo 2^32. The suffix gives the
 * bits of an element; the output is int8. Work unit of `range`: outputs. No scratch. Input and output must not overlap. */
#ifndef EQ_SVDF_H
#define EQ_SVDF_H

#include "eq_requant.h"
#include "eq_types.h"

typedef struct {
  int32_t length; /* elements of the window an output */
  const void *weights;
  const int32_t *bias;
  eq_requant_t requant;
} eq_svdf_t;

#define EQ_SVDF_PROTOTYPE(name, element) \
  void name(const eq_svdf_t *p, const element *restrict window, int8_t *restrict output, eq_range_t range)

EQ_SVDF_PROTOTYPE(eq_svdf_s8_high_scalar, int8_t);
EQ_SVDF_PROTOTYPE(eq_svdf_s8_shift_scalar, int8_t);
EQ_SVDF_PROTOTYPE(eq_svdf_s8_tflite_scalar, int8_t);
EQ_SVDF_PROTOTYPE(eq_svdf_s16_high_scalar, int16_t);
EQ_SVDF_PROTOTYPE(eq_svdf_s16_shift_scalar, int16_t);
EQ_SVDF_PROTOTYPE(eq_svdf_s16_tflite_scalar, int16_t);

#endif
