/* linear with weights of less than 8 bits, portable C. The header states the contract. */
#include "eq_narrow4_scalar.h"

#include "eq_linear_narrow_run.h"

EQ_LINEAR_NARROW_FUNCTIONS(scalar)
