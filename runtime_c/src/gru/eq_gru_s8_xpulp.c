/* gru, int8, Xpulp / CORE-V. The header states the contract. */
#include "eq_dot4_xpulp.h"
#include "eq_gru_run.h"

EQ_RECURRENT_S8_PROTOTYPE(eq_gru_s8_xpulp) {
  (void)h0;
  gru(p, input, state0, output, state_out, scratch);
}
