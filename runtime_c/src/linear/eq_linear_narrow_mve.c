/* linear with weights of less than 8 bits, Armv8.1-M MVE. The header states the contract. */
#include "eq_narrow4_mve.h"

#include "eq_linear_narrow_run.h"

EQ_LINEAR_NARROW_FUNCTIONS(mve)
