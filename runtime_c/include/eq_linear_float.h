/* linear in floating point: y[r][o] = clamp(bias[o] + sum over i of x[r][i] * w[o][i]), FP16 storage (f16) or float32
 * (f32); sums, rounding and constants as in eq_conv2d_float.h with K = in_features.
 *
 * scratch: as there. Work unit of `range`: output features, in groups of 4. */
#ifndef EQ_LINEAR_FLOAT_H
#define EQ_LINEAR_FLOAT_H

#include "eq_float.h"
#include "eq_types.h"

#define EQ_LINEAR_FLOAT_FIELDS    \
  int32_t rows;                    \
  int32_t in_features, out_features; \
  float act_min, act_max;          \
  const float *bias

typedef struct {
  EQ_LINEAR_FLOAT_FIELDS;
  const eq_f16_t *weights;
  float weight_scale; /* of half_mve: what the weights are divided by */
} eq_linear_f16_t;

typedef struct {
  EQ_LINEAR_FLOAT_FIELDS;
  const float *weights;
} eq_linear_f32_t;

#define EQ_LINEAR_F16_PROTOTYPE(name) \
  void name(const eq_linear_f16_t *p, const eq_f16_t *restrict input, eq_f16_t *restrict output, void *restrict scratch, \
            eq_range_t range)
#define EQ_LINEAR_F32_PROTOTYPE(name) \
  void name(const eq_linear_f32_t *p, const float *restrict input, float *restrict output, void *restrict scratch, \
            eq_range_t range)

EQ_LINEAR_F16_PROTOTYPE(eq_linear_f16_scalar);
EQ_LINEAR_F16_PROTOTYPE(eq_linear_f16_mve);
EQ_LINEAR_F16_PROTOTYPE(eq_linear_f16_half_mve);
EQ_LINEAR_F16_PROTOTYPE(eq_linear_f16_xpulp);
EQ_LINEAR_F32_PROTOTYPE(eq_linear_f32_scalar);
EQ_LINEAR_F32_PROTOTYPE(eq_linear_f32_mve);

#endif
