/* linear with weights of less than 8 bits, Armv7E-M DSP. The header states the contract. */
#include "eq_narrow4_dsp.h"

#include "eq_linear_narrow_run.h"

EQ_LINEAR_NARROW_FUNCTIONS(dsp)
