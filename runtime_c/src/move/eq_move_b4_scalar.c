/* move, elements of 4 byte(s), portable C. The header states the contract. */
#define ELEMENT int32_t
#define MOVE eq_move_b4_scalar
#include "eq_move_run.h"
