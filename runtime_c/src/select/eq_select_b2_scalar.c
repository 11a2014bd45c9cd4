/* select, elements of 2 byte(s), portable C. The header states the contract. */
#define ELEMENT int16_t
#define SELECT eq_select_b2_scalar
#include "eq_select_run.h"
