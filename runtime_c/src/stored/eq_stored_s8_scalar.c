/* stored, int8, portable C. The header states the contract. */
#define ELEMENT int8_t
#define BITS 8
#include "eq_stored_element.h"

EQ_STORED_PROTOTYPE(eq_stored_s8_floor_div_scalar, int8_t) { run(p, input1, input2, output, range, FLOOR_DIV); }

EQ_STORED_PROTOTYPE(eq_stored_s8_floor_mod_scalar, int8_t) { run(p, input1, input2, output, range, FLOOR_MOD); }

EQ_STORED_PROTOTYPE(eq_stored_s8_bitwise_xor_scalar, int8_t) { run(p, input1, input2, output, range, BITWISE_XOR); }

EQ_STORED_PROTOTYPE(eq_stored_s8_right_shift_scalar, int8_t) { run(p, input1, input2, output, range, RIGHT_SHIFT); }
