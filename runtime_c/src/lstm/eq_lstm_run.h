/* The lstm's body; eq_recurrent.h states what it computes. Included behind the eq_dot4_<isa>.h of the kernel. */
#ifndef EQ_LSTM_RUN_H
#define EQ_LSTM_RUN_H

#include "eq_recurrent_run.h"

enum { GATES = 4, INPUT = 0, FORGET = 1, CELL = 2, OUTPUT = 3 };

/* One cell after its gates: the new state, the output. */
static EQ_INLINE int8_t cell_output(const eq_recurrent_s8_t *p, int32_t gates[GATES][EQ_CELLS], int32_t i,
                                    int16_t *state) {
  const int32_t kept = eq_rdbpot(eq_q_logistic(gates[FORGET][i]) * *state, 15);
  const int32_t put = eq_q_logistic(gates[INPUT][i]) * eq_q_tanh(gates[CELL][i], 3);
  const int32_t sum = kept + eq_rdbpot(put, 30 + p->state_exponent);
  *state = (int16_t)eq_clamp(sum, p->state_min, p->state_max);
  const int32_t hidden = eq_q_logistic(gates[OUTPUT][i]) * eq_q_tanh(*state, 15 + p->state_exponent);
  return (int8_t)eq_clamp(eq_scaled(hidden, p->output) + p->output_zero_point, -128, 127);
}

static EQ_INLINE void lstm(const eq_recurrent_s8_t *p, const int8_t *input, const int8_t *h0, const void *state0,
                           int8_t *output, void *state_out, void *scratch) {
  const eq_recurrent_memory_t m = eq_recurrent_memory(p, state_out, scratch);
  const int8_t *before = eq_first_output(p, &m, h0, output, p->output_zero_point);
  eq_recurrent_begin(p, state0, m.state);
  for (int32_t step = 0; step < p->steps; step++) {
    const int32_t t = p->reverse ? p->steps - 1 - step : step;
    const void *const x = eq_dot4_vector(input + t * p->in_features, p->in_features, m.x_memory);
    const void *const h = eq_dot4_vector(before, p->cells, m.h_memory);
    int8_t *const y = eq_step_output(p, &m, output, step, t);
    for (int32_t group = 0; EQ_CELLS * group < p->cells; group++) {
      int32_t gates[GATES][EQ_CELLS];
      for (int32_t gate = 0; gate < GATES; gate++) {
        eq_gate(p, x, h, GATES * group + gate, gate, gates[gate]);
      }
      for (int32_t i = 0; i < eq_group_cells(p->cells, group); i++) {
        y[EQ_CELLS * group + i] = cell_output(p, gates, i, m.state + EQ_CELLS * group + i);
      }
    }
    before = y;
  }
  eq_recurrent_end(p, m.state, state_out);
}

#endif
