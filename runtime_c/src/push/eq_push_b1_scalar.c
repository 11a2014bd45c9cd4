/* push, elements of 1 byte(s), portable C. The header states the contract. */
#define ELEMENT int8_t
#define PUSH eq_push_b1_scalar
#include "eq_push_run.h"
