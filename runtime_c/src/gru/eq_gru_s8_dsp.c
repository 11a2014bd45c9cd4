/* gru, int8, Armv7E-M DSP. The header states the contract. */
#include "eq_dot4_dsp.h"
#include "eq_gru_run.h"

EQ_RECURRENT_S8_PROTOTYPE(eq_gru_s8_dsp) {
  (void)h0;
  gru(p, input, state0, output, state_out, scratch);
}
