/* lstm and gru, int8: a whole sequence in one call, weights read again for every time step.
 *
 *   x[t], h[t]      int8 input and output of a time step; steps run from 0 up, or from the last one down if `reverse`
 *   before[g][c]    = sat16(scale(input_bias[g][c] + sum over i of input_weights[g][c][i] * x[t][i], input[g]))
 *   recurrent[g][c] = scale(recurrent_bias[g][c] + sum over i of recurrent_weights[g][c][i] * h[t-1][i], recurrent[g])
 *   scale(a, s)     = RDBPOT(SRDHM(a * 2^max(s.shift,0), s.multiplier), max(-s.shift,0))       (EQ_REQUANT_TFLITE)
 *
 * All in Q3.12; logistic and tanh are gemmlowp's of int16 numbers (src/common/eq_gemmlowp16.h), their results Q0.15. The
 * biases hold -zero_point * sum of the row's weights. The state is int16, a real number = state * 2^state_exponent.
 *
 * lstm, gates g = input, forget, cell, output (TensorFlow Lite's full-integer 8x8_16 LSTM):
 *   gate = logistic or, for the cell gate, tanh of sat16(before + recurrent)
 *   state = clamp(RDBPOT(forget * state, 15) + RDBPOT(input * cell, 30 + state_exponent), state_min, state_max)
 *   h[t]  = sat8(scale(output * tanh(state), output) + output_zero_point)
 *
 * gru, gates g = reset, update, new; the state is h in 16 bits:
 *   reset, update = logistic(sat16(before + recurrent))
 *   new   = RDBPOT(tanh(sat16(before + sat16(X))), 15 + state_exponent),  X = RDBPOT(reset * sat16(recurrent), 15);
 *           with reset_before, X = recurrent of sat8(scale(reset * state, reset_output) + output_zero_point)
 *           in the place of h[t-1]
 *   state = sat16(new + RDBPOT(update * (state - new), 15))
 *   h[t]  = sat8(scale(state, output) + output_zero_point)
 *
 * Layout: input [steps][in_features], output [steps][outputs], or [outputs] if `last`. `h0` [outputs] is the output
 * before the first step (lstm only; null: zero). `state0` and `state_out` [cells]: the state before the first step and
 * after the last one, as state_in and state_out say; int8 ones are scaled by state_in_scale (after their zero point)
 * and state_out_scale (before it). state0 may be state_out. One core does all the work.
 *
 * Rows of weights and biases: [group of 4 cells][gate][cell of the group], cells beyond the last one zero; every four
 * rows are a block of the kernel's linear layer (eq_linear.h): scalar [rows][K]; dsp, mve, xpulp as for linear.
 * Scratch, in parts of 16 bytes rounded up: 2 * cells unless state_out is EQ_STATE_WIDE; outputs; if reset_before
 * 2 * cells and cells; then for in_features and for outputs what the kernel's eq_dot4_bytes says. Built by
 * edgeq/ops/recurrent.py. */
#ifndef EQ_RECURRENT_H
#define EQ_RECURRENT_H

#include "eq_lstm_forms.h"
#include "eq_types.h"

typedef enum { EQ_STATE_NONE, EQ_STATE_BYTES, EQ_STATE_WIDE } eq_state_form_t;

typedef struct {
  int32_t steps, in_features, outputs, cells; /* outputs: cells, unless they are projected (eq_lstm_forms.h) */
  int32_t reverse;
  int32_t last;         /* output holds the last computed step only */
  int32_t reset_before; /* gru */
  const void *input_weights;
  const void *recurrent_weights;
  const int32_t *input_bias;
  const int32_t *recurrent_bias;
  eq_scaling_t input[4], recurrent[4]; /* per gate */
  eq_scaling_t output, reset_output;
  int32_t output_zero_point;
  int32_t state_exponent;       /* -15 .. -9 */
  int32_t state_min, state_max; /* lstm */
  int32_t state_in, state_out;  /* eq_state_form_t */
  eq_scaling_t state_in_scale, state_out_scale;
  int32_t state_in_zero_point, state_out_zero_point;
  const eq_lstm_forms_t *forms; /* of the kernels that need it */
} eq_recurrent_s8_t;

#define EQ_RECURRENT_S8_PROTOTYPE(name)                                                                        \
  void name(const eq_recurrent_s8_t *p, const int8_t *input, const int8_t *h0, const void *state0, int8_t *output, \
            void *state_out, void *scratch)

EQ_RECURRENT_S8_PROTOTYPE(eq_lstm_s8_scalar);
EQ_RECURRENT_S8_PROTOTYPE(eq_lstm_s8_dsp);
EQ_RECURRENT_S8_PROTOTYPE(eq_lstm_s8_mve);
EQ_RECURRENT_S8_PROTOTYPE(eq_lstm_s8_xpulp);
EQ_RECURRENT_S8_PROTOTYPE(eq_lstm_forms_s8_scalar);

EQ_RECURRENT_S8_PROTOTYPE(eq_gru_s8_scalar);
EQ_RECURRENT_S8_PROTOTYPE(eq_gru_s8_dsp);
EQ_RECURRENT_S8_PROTOTYPE(eq_gru_s8_mve);
EQ_RECURRENT_S8_PROTOTYPE(eq_gru_s8_xpulp);

#endif
