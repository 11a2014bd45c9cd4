/* Functions of one operand in floating point, portable C, for the element that was included before. */
#include "eq_float_functions.h"
#include "eq_unary_float.h"

/* `value`: of x, with the parameters a and b. */
#define DEFINE(name, value)                                                          \
  EQ_UNARY_FLOAT_PROTOTYPE(name, ELEMENT) {                                        \
    const float a = p->p[0], b = p->p[1], low = p->act_min, high = p->act_max; \
    (void)a, (void)b;                                                                \
    for (int32_t i = range.begin; i < range.end; i++) {                              \
      const float x = LOAD(input + i);                                             \
      STORE(output + i, eq_clampf(value, low, high));                              \
    }                                                                                \
  }

DEFINE(KERNEL(unary, abs_scalar), eq_float_abs(x))
DEFINE(KERNEL(unary, affine_scalar), x * a + b)
DEFINE(KERNEL(unary, elu_scalar), b * (x > 0.0f ? x : a * eq_float_expm1_below(x)))
DEFINE(KERNEL(unary, erf_scalar), eq_float_erf(x))
DEFINE(KERNEL(unary, exp_scalar), eq_float_exp(x))
DEFINE(KERNEL(unary, gelu_scalar), 0.5f * x * (1.0f + eq_float_erf(x * 0.707106781f)))
DEFINE(KERNEL(unary, gelu_tanh_scalar), 0.5f * x * (1.0f + eq_float_tanh(0.797884561f * (x + 0.044715f * x * x * x))))
DEFINE(KERNEL(unary, hardshrink_scalar), eq_float_abs(x) > a ? x : 0.0f)
DEFINE(KERNEL(unary, hardsigmoid_scalar), eq_float_hardsigmoid(x))
DEFINE(KERNEL(unary, hardswish_scalar), x * eq_float_hardsigmoid(x))
DEFINE(KERNEL(unary, identity_scalar), x)
DEFINE(KERNEL(unary, leaky_relu_scalar), x >= 0.0f ? x : x * a)
DEFINE(KERNEL(unary, reciprocal_scalar), 1.0f / x)
DEFINE(KERNEL(unary, sigmoid_scalar), eq_float_sigmoid(x))
DEFINE(KERNEL(unary, silu_scalar), x * eq_float_sigmoid(x))
DEFINE(KERNEL(unary, softshrink_scalar), x > a ? x - a : (x < -a ? x + a : 0.0f))
DEFINE(KERNEL(unary, softsign_scalar), x / (1.0f + eq_float_abs(x)))
DEFINE(KERNEL(unary, square_scalar), x * x)
DEFINE(KERNEL(unary, tanh_scalar), eq_float_tanh(x))
DEFINE(KERNEL(unary, threshold_scalar), x > a ? x : b)
