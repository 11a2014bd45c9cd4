/* binary, int8: elementwise operators of two operands, each of which may be repeated along any axis.
 *
 *   output[i0]..[i5] = op(input1[i0 * stride1[0] + .. + i5 * stride1[5]], input2[.. stride2 ..])    (output contiguous)
 *
 * Axes that the operator doesn't need have size 1 and come first. A stride of 0 repeats the operand; that of the last
 * axis is 0 or 1. The second operand may be a constant in flash. Work unit of `range`: indices of the axis `split`,
 * where all axes before it have size 1. The output may be an operand that is not repeated (in place). No scratch. */
#ifndef EQ_BINARY_H
#define EQ_BINARY_H

#include "eq_requant.h"
#include "eq_types.h"

#define EQ_BINARY_AXES 6

typedef struct {
  int32_t size[EQ_BINARY_AXES];
  int32_t stride1[EQ_BINARY_AXES];
  int32_t stride2[EQ_BINARY_AXES];
  int32_t split;
} eq_binary_shape_t;

/* Sums and differences: clamp((a * x1 + b * x2 + c) >> n), as in eq_add.h. */
typedef struct {
  eq_binary_shape_t shape;
  int32_t a, b, c;
  int32_t n;
  int32_t act_min;
  int32_t act_max;
} eq_binary_sum_s8_t;

/* Operands through tables, as TensorFlow Lite rounds them: with u = table1[x1 + 128] + table2[x2 + 128]
 *   tables   clamp(scaled(u) + zero_point)
 *   squares  clamp(scaled(u * u) + zero_point)                                        |u| < 2^15.5
 * scaled() is EQ_REQUANT_TFLITE with `multiplier1` and `shift1`. */
typedef struct {
  eq_binary_shape_t shape;
  const int32_t *table1, *table2; /* 256 entries each */
  int32_t multiplier1, shift1;
  int32_t zero_point;
  int32_t act_min;
  int32_t act_max;
} eq_binary_tables_s8_t;

/* Products: requantize((x1 + offset1) * (x2 + offset2)); `requant` holds one multiplier (and shift).
 * prelu: that with the second multiplier where x1 + offset1 < 0, else requantize(x1 + offset1) with the first. */
typedef struct {
  eq_binary_shape_t shape;
  int32_t offset1, offset2;
  eq_requant_t requant;
} eq_binary_product_s8_t;

/* The smaller or larger byte, clamped. */
typedef struct {
  eq_binary_shape_t shape;
  int32_t act_min;
  int32_t act_max;
} eq_binary_extreme_s8_t;

#define EQ_BINARY_S8_PROTOTYPE(name, record) \
  void name(const record *p, const int8_t *input1, const int8_t *input2, int8_t *output, eq_range_t range)

EQ_BINARY_S8_PROTOTYPE(eq_binary_s8_sum_scalar, eq_binary_sum_s8_t);
EQ_BINARY_S8_PROTOTYPE(eq_binary_s8_tables_scalar, eq_binary_tables_s8_t);
EQ_BINARY_S8_PROTOTYPE(eq_binary_s8_squares_scalar, eq_binary_tables_s8_t);
EQ_BINARY_S8_PROTOTYPE(eq_binary_s8_product_high_scalar, eq_binary_product_s8_t);
EQ_BINARY_S8_PROTOTYPE(eq_binary_s8_product_shift_scalar, eq_binary_product_s8_t);
EQ_BINARY_S8_PROTOTYPE(eq_binary_s8_product_tflite_scalar, eq_binary_product_s8_t);
EQ_BINARY_S8_PROTOTYPE(eq_binary_s8_prelu_high_scalar, eq_binary_product_s8_t);
EQ_BINARY_S8_PROTOTYPE(eq_binary_s8_prelu_shift_scalar, eq_binary_product_s8_t);
EQ_BINARY_S8_PROTOTYPE(eq_binary_s8_prelu_tflite_scalar, eq_binary_product_s8_t);
EQ_BINARY_S8_PROTOTYPE(eq_binary_s8_min_scalar, eq_binary_extreme_s8_t);
EQ_BINARY_S8_PROTOTYPE(eq_binary_s8_max_scalar, eq_binary_extreme_s8_t);

#endif
