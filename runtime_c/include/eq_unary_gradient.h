/* unary_gradient: dx = dy * f'(x) for the functions of eq_unary_float.h, with their p[0] and p[1]. FP16 storage (f16) or
 * float32 (f32), computed in float32. At kinks the derivative is torch's.
 *
 * Accuracy: edgeq/ops/unary_gradient.py has every function's bound. Work unit of `range`: elements. dx may lie over dy. No
 * scratch. */
#ifndef EQ_UNARY_GRADIENT_H
#define EQ_UNARY_GRADIENT_H

#include "eq_float.h"
#include "eq_types.h"

typedef struct {
  float p[2];
} eq_unary_gradient_t;

#define EQ_UNARY_GRADIENT_PROTOTYPE(name, element) \
  void name(const eq_unary_gradient_t *p, const element *dy, const element *restrict input, element *dx, eq_range_t range)

#define EQ_UNARY_GRADIENT_PROTOTYPES(function)                                     \
  EQ_UNARY_GRADIENT_PROTOTYPE(eq_unary_gradient_f16_##function##_scalar, eq_f16_t); \
  EQ_UNARY_GRADIENT_PROTOTYPE(eq_unary_gradient_f32_##function##_scalar, float)

EQ_UNARY_GRADIENT_PROTOTYPES(abs);
EQ_UNARY_GRADIENT_PROTOTYPES(elu);
EQ_UNARY_GRADIENT_PROTOTYPES(erf);
EQ_UNARY_GRADIENT_PROTOTYPES(exp);
EQ_UNARY_GRADIENT_PROTOTYPES(gelu);
EQ_UNARY_GRADIENT_PROTOTYPES(gelu_tanh);
EQ_UNARY_GRADIENT_PROTOTYPES(hardshrink);
EQ_UNARY_GRADIENT_PROTOTYPES(hardsigmoid);
EQ_UNARY_GRADIENT_PROTOTYPES(hardswish);
EQ_UNARY_GRADIENT_PROTOTYPES(leaky_relu);
EQ_UNARY_GRADIENT_PROTOTYPES(reciprocal);
EQ_UNARY_GRADIENT_PROTOTYPES(sigmoid);
EQ_UNARY_GRADIENT_PROTOTYPES(silu);
EQ_UNARY_GRADIENT_PROTOTYPES(softshrink);
EQ_UNARY_GRADIENT_PROTOTYPES(softsign);
EQ_UNARY_GRADIENT_PROTOTYPES(square);
EQ_UNARY_GRADIENT_PROTOTYPES(tanh);
EQ_UNARY_GRADIENT_PROTOTYPES(threshold);

#endif
