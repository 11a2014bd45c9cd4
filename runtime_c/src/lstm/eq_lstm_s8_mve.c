/* lstm, int8, Armv8.1-M MVE. The header states the contract. */
#include "eq_dot4_mve.h"
#include "eq_lstm_run.h"

EQ_RECURRENT_S8_PROTOTYPE(eq_lstm_s8_mve) { lstm(p, input, h0, state0, output, state_out, scratch); }
