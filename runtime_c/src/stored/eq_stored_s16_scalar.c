/* stored, int16, portable C. The header states the contract. */
#define ELEMENT int16_t
#define BITS 16
#include "eq_stored_element.h"

EQ_STORED_PROTOTYPE(eq_stored_s16_floor_div_scalar, int16_t) { run(p, input1, input2, output, range, FLOOR_DIV); }

EQ_STORED_PROTOTYPE(eq_stored_s16_floor_mod_scalar, int16_t) { run(p, input1, input2, output, range, FLOOR_MOD); }

EQ_STORED_PROTOTYPE(eq_stored_s16_bitwise_xor_scalar, int16_t) { run(p, input1, input2, output, range, BITWISE_XOR); }

EQ_STORED_PROTOTYPE(eq_stored_s16_right_shift_scalar, int16_t) { run(p, input1, input2, output, range, RIGHT_SHIFT); }
