/* linear with weights of 4 bits in groups, Xpulp / CORE-V. The header states the contract. */
#include "eq_narrow4_xpulp.h"

#include "eq_linear_groups_run.h"

EQ_LINEAR_GROUPS_FUNCTIONS(xpulp)
