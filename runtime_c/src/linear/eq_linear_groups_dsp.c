/* linear with weights of 4 bits in groups, Armv7E-M DSP. The header states the contract. */
#include "eq_narrow4_dsp.h"

#include "eq_linear_groups_run.h"

EQ_LINEAR_GROUPS_FUNCTIONS(dsp)
