/* gather, elements of 2 byte(s), portable C. The header states the contract. */
#define ELEMENT int16_t
#define GATHER eq_gather_b2_scalar
#include "eq_gather_run.h"
