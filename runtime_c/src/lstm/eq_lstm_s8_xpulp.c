/* lstm, int8, Xpulp / CORE-V. The header states the contract. */
#include "eq_dot4_xpulp.h"
#include "eq_lstm_run.h"

EQ_RECURRENT_S8_PROTOTYPE(eq_lstm_s8_xpulp) { lstm(p, input, h0, state0, output, state_out, scratch); }
