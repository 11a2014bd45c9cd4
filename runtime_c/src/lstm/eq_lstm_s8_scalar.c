/* lstm, int8, portable C. The header states the contract. */
#include "eq_dot4_scalar.h"
#include "eq_lstm_run.h"

EQ_RECURRENT_S8_PROTOTYPE(eq_lstm_s8_scalar) { lstm(p, input, h0, state0, output, state_out, scratch); }
