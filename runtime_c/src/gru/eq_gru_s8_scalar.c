/* gru, int8, portable C. The header states the contract. */
#include "eq_dot4_scalar.h"
#include "eq_gru_run.h"

EQ_RECURRENT_S8_PROTOTYPE(eq_gru_s8_scalar) {
  (void)h0;
  gru(p, input, state0, output, state_out, scratch);
}
