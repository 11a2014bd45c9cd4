/* binary in floating point: functions of two operands, element by element, each of which may be repeated along any axis;
 * shapes, strides, units and overlap as in eq_binary.h. FP16 storage (f16) or float32 (f32).
 *
 *   y = clamp(f(x1, x2))    add, sub (x1 - x2), rsub (x2 - x1), mul, minimum, maximum, squared_difference,
 *                           prelu (x1, or x1 * x2 where x1 is negative)
 *
 * Computed in float32, each operation rounded once, and the result once to the type that stores it. */
#ifndef EQ_BINARY_FLOAT_H
#define EQ_BINARY_FLOAT_H

#include "eq_binary.h"
#include "eq_float.h"

typedef struct {
  eq_binary_shape_t shape;
  float act_min, act_max;
} eq_binary_f32_t;

typedef eq_binary_f32_t eq_binary_f16_t;

#define EQ_BINARY_FLOAT_PROTOTYPE(name, element) \
  void name(const eq_binary_f32_t *p, const element *input1, const element *input2, element *output, eq_range_t range)

#define EQ_BINARY_FLOAT_PROTOTYPES(function)                                 \
  EQ_BINARY_FLOAT_PROTOTYPE(eq_binary_f16_##function##_scalar, eq_f16_t); \
  EQ_BINARY_FLOAT_PROTOTYPE(eq_binary_f32_##function##_scalar, float)

EQ_BINARY_FLOAT_PROTOTYPES(add);
/* both operands the output's shape; units in pairs (xpulp) */
EQ_BINARY_FLOAT_PROTOTYPE(eq_binary_f16_add_xpulp, eq_f16_t);
EQ_BINARY_FLOAT_PROTOTYPE(eq_binary_f16_add_mve, eq_f16_t);
EQ_BINARY_FLOAT_PROTOTYPES(sub);
EQ_BINARY_FLOAT_PROTOTYPES(rsub);
EQ_BINARY_FLOAT_PROTOTYPES(mul);
EQ_BINARY_FLOAT_PROTOTYPES(minimum);
EQ_BINARY_FLOAT_PROTOTYPES(maximum);
EQ_BINARY_FLOAT_PROTOTYPES(squared_difference);
EQ_BINARY_FLOAT_PROTOTYPES(prelu);

#endif
