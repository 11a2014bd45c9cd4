/* linear with weights of 4 bits in groups, Armv8.1-M MVE. The header states the contract. */
#include "eq_narrow4_mve.h"

#include "eq_linear_groups_run.h"

EQ_LINEAR_GROUPS_FUNCTIONS(mve)
