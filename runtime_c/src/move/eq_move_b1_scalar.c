/* move, elements of 1 byte(s), portable C. The header states the contract. */
#define ELEMENT int8_t
#define MOVE eq_move_b1_scalar
#include "eq_move_run.h"
