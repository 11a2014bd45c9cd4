/* select, elements of 1 byte(s), portable C. The header states the contract. */
#define ELEMENT int8_t
#define SELECT eq_select_b1_scalar
#include "eq_select_run.h"
