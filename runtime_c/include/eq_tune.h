/* Trained float32 parameters -> the constants that an int8 layer reads, on the device.
 *
 * Of a layer whose weights w are trained, for each trained output channel:
 *
 *   scale      = max(largest |w| / 127, |bias| / (input_scale * 2^29), floor)
 *   weight     = w / scale, rounded, within -127 .. 127
 *   stored     = bias / (input_scale * scale), rounded, - input_zero_point * sum of the channel's weights
 *   multiplier = input_scale * scale / output_scale as the requantization form has it (eq_requant.h)
 *
 * and of a layer whose bias alone is trained only the second but last, with the scales that its weights have.
 *
 * All of it in IEEE 754 double precision with halves rounded to even, which is what edgeq's quantizer computes in
 * (edgeq/ops/weighted.py): parameters that have not changed make the constants of the build, and the same parameters the
 * same bytes on every core. A core without double precision computes it by its compiler's own routines; a layer is tuned
 * once, not in every inference. Channels that are not trained, and the zeros that fill up, stay as they are in memory.
 *
 * The targets may be NULL: then nothing is written, and the result tells whether it could be. EQ_ERROR_PARAMETERS where a
 * parameter is infinite or no number, or a sum could leave 32 bits; EQ_OK otherwise. */
#ifndef EQ_TUNE_H
#define EQ_TUNE_H

#include "eq_types.h"

enum { EQ_ORDER_AXES = 4, EQ_ORDER_LOOPS = 6 };

/* An int8 weight; one widened to a halfword; two in a halfword as first + 256 * second (little endian). */
typedef enum { EQ_STORE_BYTES, EQ_STORE_HALVES, EQ_STORE_PAIRS } eq_store_t;

/* A loop of the order in which a kernel reads weights (edgeq/packing/order.py): the weight with coordinate c on `axis` is
 * in turn (c / step) % count, and that is places[turn] * stride elements on. `places` is NULL where turns are in order. */
typedef struct {
  int32_t axis, count, step, stride;
  const uint8_t *places;
} eq_loop_t;

/* Axis 0 is that of the output channels; `sizes` are those of the axes. */
typedef struct {
  eq_store_t store;
  int32_t axes, loops;
  int32_t sizes[EQ_ORDER_AXES];
  eq_loop_t loop[EQ_ORDER_LOOPS];
} eq_order_t;

/* The parameter's weight i of channel c is weights[c * channel_stride + i * weight_stride]; i counts the order's axes behind
 * the first one, the last one fastest. */
typedef struct {
  eq_order_t order;
  int32_t channels; /* trained ones, the first */
  int32_t channel_stride, weight_stride;
  double input_scale, output_scale, floor;
  int32_t input_zero_point;
  int32_t doubly_rounded; /* multipliers for EQ_REQUANT_TFLITE, else for EQ_REQUANT_SHIFT */
} eq_tune_t;

typedef struct {
  int32_t channels;     /* trained ones, the first */
  const double *scales; /* input_scale * scale of each */
  const int32_t *sums;  /* input_zero_point * sum of its weights */
  const int32_t *most;  /* largest magnitude of the rounded bias */
} eq_tune_bias_t;

typedef struct {
  int8_t *weights;
  int32_t *bias;
  int32_t *multiplier;
  int8_t *shift;
} eq_tuned_t;

eq_status_t eq_tune(const eq_tune_t *p, const float *weights, const float *bias, const eq_tuned_t *target);
eq_status_t eq_tune_bias(const eq_tune_bias_t *p, const float *bias, int32_t *target);

#endif
