/* Derivatives of functions of one operand, portable C, for the element that was included before. */
#include "eq_float_functions.h"
#include "eq_unary_gradient.h"

/* sqrt(2 / pi), and 1 / sqrt(2 pi) */
#define ROOT_TWO_OVER_PI 0.797884561f
#define NORMAL_DENSITY 0.398942280f

EQ_FLOAT_INLINE float gelu_slope(float x) {
  return 0.5f * (1.0f + eq_float_erf(x * 0.707106781f)) + x * (NORMAL_DENSITY * eq_float_exp(-0.5f * x * x));
}

EQ_FLOAT_INLINE float gelu_tanh_slope(float x) {
  const float square = x * x, t = eq_float_tanh(ROOT_TWO_OVER_PI * (x + 0.044715f * square * x));
  const float inner = ROOT_TWO_OVER_PI * (1.0f + 0.134145f * square);
  return 0.5f * (1.0f + t) + 0.5f * x * ((1.0f - t * t) * inner);
}

EQ_FLOAT_INLINE float hardswish_slope(float x) {
  return x <= -3.0f ? 0.0f : (x >= 3.0f ? 1.0f : x / 3.0f + 0.5f);
}

EQ_FLOAT_INLINE float silu_slope(float x) {
  return eq_float_sigmoid(x) * (1.0f + x * eq_float_sigmoid(-x));
}

EQ_FLOAT_INLINE float softsign_slope(float x) {
  const float share = 1.0f / (1.0f + eq_float_abs(x));
  return share * share;
}

EQ_FLOAT_INLINE float tanh_slope(float x) {
  const float t = eq_float_tanh(x);
  return 1.0f - t * t;
}

/* `slope`: the derivative at x, with the parameters a and b. */
#define DEFINE(name, slope)                               \
  EQ_UNARY_GRADIENT_PROTOTYPE(name, ELEMENT) {          \
    const float a = p->p[0], b = p->p[1];               \
    (void)a, (void)b;                                     \
    for (int32_t i = range.begin; i < range.end; i++) { \
      const float x = LOAD(input + i);                  \
      STORE(dx + i, LOAD(dy + i) * (slope));            \
    }                                                     \
  }

DEFINE(KERNEL(unary_gradient, abs_scalar), x > 0.0f ? 1.0f : (x < 0.0f ? -1.0f : 0.0f))
DEFINE(KERNEL(unary_gradient, elu_scalar), b * (x > 0.0f ? 1.0f : a * eq_float_exp(x)))
DEFINE(KERNEL(unary_gradient, erf_scalar), 1.12837917f * eq_float_exp(-x * x))
DEFINE(KERNEL(unary_gradient, exp_scalar), eq_float_exp(x))
DEFINE(KERNEL(unary_gradient, gelu_scalar), gelu_slope(x))
DEFINE(KERNEL(unary_gradient, gelu_tanh_scalar), gelu_tanh_slope(x))
DEFINE(KERNEL(unary_gradient, hardshrink_scalar), eq_float_abs(x) > a ? 1.0f : 0.0f)
DEFINE(KERNEL(unary_gradient, hardsigmoid_scalar), eq_float_abs(x) < 3.0f ? 1.0f / 6.0f : 0.0f)
DEFINE(KERNEL(unary_gradient, hardswish_scalar), hardswish_slope(x))
DEFINE(KERNEL(unary_gradient, leaky_relu_scalar), x > 0.0f ? 1.0f : a)
DEFINE(KERNEL(unary_gradient, reciprocal_scalar), -(1.0f / x) * (1.0f / x))
DEFINE(KERNEL(unary_gradient, sigmoid_scalar), eq_float_sigmoid(x) * eq_float_sigmoid(-x))
DEFINE(KERNEL(unary_gradient, silu_scalar), silu_slope(x))
DEFINE(KERNEL(unary_gradient, softshrink_scalar), eq_float_abs(x) > a ? 1.0f : 0.0f)
DEFINE(KERNEL(unary_gradient, softsign_scalar), softsign_slope(x))
DEFINE(KERNEL(unary_gradient, square_scalar), 2.0f * x)
DEFINE(KERNEL(unary_gradient, tanh_scalar), tanh_slope(x))
DEFINE(KERNEL(unary_gradient, threshold_scalar), x > a ? 1.0f : 0.0f)
