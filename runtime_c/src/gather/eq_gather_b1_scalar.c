/* gather, elements of 1 byte(s), portable C. The header states the contract. */
#define ELEMENT int8_t
#define GATHER eq_gather_b1_scalar
#include "eq_gather_run.h"
