/* gru, int8, Armv8.1-M MVE. The header states the contract. */
#include "eq_dot4_mve.h"
#include "eq_gru_run.h"

EQ_RECURRENT_S8_PROTOTYPE(eq_gru_s8_mve) {
  (void)h0;
  gru(p, input, state0, output, state_out, scratch);
}
