/* binary with int16 activations, zero points 0: elementwise operators of two operands, each of which may be repeated
 * along any axis; shapes, strides, units, overlap and scratch as in eq_binary.h. TensorFlow Lite's double rounding:
 * scale() is EQ_REQUANT_TFLITE.
 *
 *   sum      clamp(scale(sign1 * scale(x1 * 2^left, m1, s1) + sign2 * scale(x2 * 2^left, m2, s2), sum_m, sum_s))
 *   product  clamp(scale(x1 * x2, m, s))
 *   min, max clamp(the smaller or larger operand)
 *
 * Signs are 1 or -1; left is 15, or 1 where the scales are powers of two (m1 = m2 = sum_m = 2^30, sum_s = 1: operands
 * are only shifted right). */
#ifndef EQ_BINARY_WIDE_H
#define EQ_BINARY_WIDE_H

#include "eq_binary.h"

typedef struct {
  eq_binary_shape_t shape;
  int32_t left;
  int32_t sign1, m1, s1;
  int32_t sign2, m2, s2;
  int32_t sum_m, sum_s;
  int32_t act_min;
  int32_t act_max;
} eq_binary_wide_sum_t;

typedef struct {
  eq_binary_shape_t shape;
  int32_t m, s;
  int32_t act_min;
  int32_t act_max;
} eq_binary_wide_product_t;

typedef struct {
  eq_binary_shape_t shape;
  int32_t act_min;
  int32_t act_max;
} eq_binary_wide_extreme_t;

#define EQ_BINARY_WIDE_PROTOTYPE(name, record) \
  void name(const record *p, const int16_t *input1, const int16_t *input2, int16_t *output, eq_range_t range)

EQ_BINARY_WIDE_PROTOTYPE(eq_binary_wide_sum_scalar, eq_binary_wide_sum_t);
EQ_BINARY_WIDE_PROTOTYPE(eq_binary_wide_product_scalar, eq_binary_wide_product_t);
EQ_BINARY_WIDE_PROTOTYPE(eq_binary_wide_min_scalar, eq_binary_wide_extreme_t);
EQ_BINARY_WIDE_PROTOTYPE(eq_binary_wide_max_scalar, eq_binary_wide_extreme_t);

#endif
