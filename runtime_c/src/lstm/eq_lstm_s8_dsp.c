/* lstm, int8, Armv7E-M DSP. The header states the contract. */
#include "eq_dot4_dsp.h"
#include "eq_lstm_run.h"

EQ_RECURRENT_S8_PROTOTYPE(eq_lstm_s8_dsp) { lstm(p, input, h0, state0, output, state_out, scratch); }
