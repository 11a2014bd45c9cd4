/* move, elements of 2 byte(s), portable C. The header states the contract. */
#define ELEMENT int16_t
#define MOVE eq_move_b2_scalar
#include "eq_move_run.h"
