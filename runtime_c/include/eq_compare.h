/* compare: 1 where a comparison of two operands holds, else 0, as int8. Each operand may be repeated along any axis;
 * shapes, strides, units and scratch as in eq_binary.h. The output may be an int8 operand that is not repeated.
 *
 *   s8    rank1[x1 + 128] < rank2[x2 + 128], ==, !=    (tables that keep the order of the numbers bytes stand for)
 *   wide  sign * x1 < sign * x2 + offset, ==, !=       (int16; sign is 1 or -1, offset 0 or 1) */
#ifndef EQ_COMPARE_H
#define EQ_COMPARE_H

#include "eq_binary.h"

typedef struct {
  eq_binary_shape_t shape;
  const int16_t *rank1, *rank2; /* 256 entries each */
} eq_compare_s8_t;

typedef struct {
  eq_binary_shape_t shape;
  int32_t sign, offset;
} eq_compare_wide_t;

#define EQ_COMPARE_S8_PROTOTYPE(name) \
  void name(const eq_compare_s8_t *p, const int8_t *input1, const int8_t *input2, int8_t *output, eq_range_t range)
#define EQ_COMPARE_WIDE_PROTOTYPE(name) \
  void name(const eq_compare_wide_t *p, const int16_t *input1, const int16_t *input2, int8_t *output, eq_range_t range)

EQ_COMPARE_S8_PROTOTYPE(eq_compare_s8_less_scalar);
EQ_COMPARE_S8_PROTOTYPE(eq_compare_s8_equal_scalar);
EQ_COMPARE_S8_PROTOTYPE(eq_compare_s8_not_equal_scalar);
EQ_COMPARE_WIDE_PROTOTYPE(eq_compare_wide_less_scalar);
EQ_COMPARE_WIDE_PROTOTYPE(eq_compare_wide_equal_scalar);
EQ_COMPARE_WIDE_PROTOTYPE(eq_compare_wide_not_equal_scalar);

#endif
