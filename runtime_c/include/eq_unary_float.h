/* Functions of one operand in floating point: y = clamp(f(x)), FP16 storage (f16) or float32 (f32), computed in float32
 * and rounded once to the type that stores the result. p[0], p[1]: the function's parameters.
 *
 *   abs, affine (p[0] * x + p[1]), elu (p[0]: alpha, p[1]: scale; input scale 1), erf, exp, gelu, gelu_tanh, hardshrink
 *   (p[0]), hardsigmoid, hardswish, identity, leaky_relu (p[0]: slope), reciprocal, sigmoid, silu, softshrink (p[0]),
 *   softsign, square, tanh, threshold (p[0]: threshold, p[1]: value)
 *
 * Accuracy: edgeq/ops/unary_float.py has every function's bound. Work unit of `range`: elements. Input and output may be
 * the same. No scratch. */
#ifndef EQ_UNARY_FLOAT_H
#define EQ_UNARY_FLOAT_H

#include "eq_float.h"
#include "eq_types.h"

typedef struct {
  float p[2];
  float act_min, act_max;
} eq_unary_f32_t;

typedef eq_unary_f32_t eq_unary_f16_t;

#define EQ_UNARY_FLOAT_PROTOTYPE(name, element) \
  void name(const eq_unary_f32_t *p, const element *input, element *output, eq_range_t range)

#define EQ_UNARY_FLOAT_PROTOTYPES(function)                               \
  EQ_UNARY_FLOAT_PROTOTYPE(eq_unary_f16_##function##_scalar, eq_f16_t); \
  EQ_UNARY_FLOAT_PROTOTYPE(eq_unary_f32_##function##_scalar, float)

EQ_UNARY_FLOAT_PROTOTYPES(abs);
EQ_UNARY_FLOAT_PROTOTYPES(affine);
EQ_UNARY_FLOAT_PROTOTYPES(elu);
EQ_UNARY_FLOAT_PROTOTYPES(erf);
EQ_UNARY_FLOAT_PROTOTYPES(exp);
EQ_UNARY_FLOAT_PROTOTYPES(gelu);
EQ_UNARY_FLOAT_PROTOTYPES(gelu_tanh);
EQ_UNARY_FLOAT_PROTOTYPES(hardshrink);
EQ_UNARY_FLOAT_PROTOTYPES(hardsigmoid);
EQ_UNARY_FLOAT_PROTOTYPES(hardswish);
EQ_UNARY_FLOAT_PROTOTYPES(identity);
EQ_UNARY_FLOAT_PROTOTYPES(leaky_relu);
EQ_UNARY_FLOAT_PROTOTYPES(reciprocal);
EQ_UNARY_FLOAT_PROTOTYPES(sigmoid);
EQ_UNARY_FLOAT_PROTOTYPES(silu);
EQ_UNARY_FLOAT_PROTOTYPES(softshrink);
EQ_UNARY_FLOAT_PROTOTYPES(softsign);
EQ_UNARY_FLOAT_PROTOTYPES(square);
EQ_UNARY_FLOAT_PROTOTYPES(tanh);
EQ_UNARY_FLOAT_PROTOTYPES(threshold);

#endif
