/* softmax in floating point over the last axis: y[i] = exp(beta * x[i] - m) / sum over j of exp(beta * x[j] - m), m the
 * largest beta * x. FP16 storage (f16) or float32 (f32); exponentials as in eq_float_exp.h, their sum in float32 in order.
 *
 * Exponentials are computed twice: nothing but the output is stored. Work unit of `range`: rows. No scratch. Input and
 * output may be the same. */
#ifndef EQ_SOFTMAX_FLOAT_H
#define EQ_SOFTMAX_FLOAT_H

#include "eq_float.h"
#include "eq_types.h"

typedef struct {
  int32_t depth;
  float beta; /* above 0 */
  float act_min, act_max;
} eq_softmax_f32_t;

typedef eq_softmax_f32_t eq_softmax_f16_t;

void eq_softmax_f16_scalar(const eq_softmax_f16_t *p, const eq_f16_t *input, eq_f16_t *output, eq_range_t range);
void eq_softmax_f32_scalar(const eq_softmax_f32_t *p, const float *input, float *output, eq_range_t range);

#endif
