/* stored: two operands' integers as they are stored, whatever their scales. Each operand may be repeated along any axis
 * and may be a constant in flash; shapes, strides, units and scratch as in eq_binary.h. The output may be the first
 * operand if that is not repeated.
 *
 *   floor_div    floor(x1 / x2) modulo 2^bits, 0 where x2 is 0
 *   floor_mod    x1 - x2 * floor(x1 / x2), 0 where x2 is 0
 *   bitwise_xor  x1 ^ x2
 *   right_shift  floor(x1 / 2^clamp(x2, 0, bits - 1)) */
#ifndef EQ_STORED_H
#define EQ_STORED_H

#include "eq_binary.h"

typedef struct {
  eq_binary_shape_t shape;
} eq_stored_t;

#define EQ_STORED_PROTOTYPE(name, element) \
  void name(const eq_stored_t *p, const element *input1, const element *input2, element *output, eq_range_t range)

EQ_STORED_PROTOTYPE(eq_stored_s8_floor_div_scalar, int8_t);
EQ_STORED_PROTOTYPE(eq_stored_s8_floor_mod_scalar, int8_t);
EQ_STORED_PROTOTYPE(eq_stored_s8_bitwise_xor_scalar, int8_t);
EQ_STORED_PROTOTYPE(eq_stored_s8_right_shift_scalar, int8_t);
EQ_STORED_PROTOTYPE(eq_stored_s16_floor_div_scalar, int16_t);
EQ_STORED_PROTOTYPE(eq_stored_s16_floor_mod_scalar, int16_t);
EQ_STORED_PROTOTYPE(eq_stored_s16_bitwise_xor_scalar, int16_t);
EQ_STORED_PROTOTYPE(eq_stored_s16_right_shift_scalar, int16_t);

#endif
