/* push, elements of 2 byte(s), portable C. The header states the contract. */
#define ELEMENT int16_t
#define PUSH eq_push_b2_scalar
#include "eq_push_run.h"
