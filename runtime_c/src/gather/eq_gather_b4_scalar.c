/* gather, elements of 4 byte(s), portable C. The header states the contract. */
#define ELEMENT int32_t
#define GATHER eq_gather_b4_scalar
#include "eq_gather_run.h"
