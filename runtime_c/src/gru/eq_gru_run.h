/* The gru's body; eq_recurrent.h states what it computes. Included behind the eq_dot4_<isa>.h of the kernel. */
#ifndef EQ_GRU_RUN_H
#define EQ_GRU_RUN_H

#include "eq_recurrent_run.h"

enum { GATES = 3, RESET = 0, UPDATE = 1, NEW = 2 };

static EQ_INLINE int8_t bytes_of(const eq_recurrent_s8_t *p, int32_t value, eq_scaling_t scale) {
  return (int8_t)eq_clamp(eq_scaled(value, scale) + p->output_zero_point, -128, 127);
}

/* One cell after its gates: the new state, the output. `candidate`: the new gate in front of its function. */
static EQ_INLINE int8_t cell_output(const eq_recurrent_s8_t *p, int32_t update, int32_t candidate, int16_t *state) {
  const int32_t fresh = eq_rdbpot(eq_q_tanh(candidate, 3), 15 + p->state_exponent);
  *state = (int16_t)eq_sat16(fresh + eq_rdbpot(update * (*state - fresh), 15));
  return bytes_of(p, *state, p->output);
}

/* A step whose reset gate multiplies the recurrent product. */
static EQ_INLINE void step_behind(const eq_recurrent_s8_t *p, const void *x, const void *h, int16_t *state, int8_t *y) {
  for (int32_t group = 0; EQ_CELLS * group < p->cells; group++) {
    int32_t reset[EQ_CELLS], update[EQ_CELLS], before[EQ_CELLS], recurrent[EQ_CELLS];
    eq_gate(p, x, h, GATES * group + RESET, RESET, reset);
    eq_gate(p, x, h, GATES * group + UPDATE, UPDATE, update);
    eq_gate_before(p, x, GATES * group + NEW, NEW, before);
    eq_gate_recurrent(p, h, GATES * group + NEW, NEW, recurrent);
    for (int32_t i = 0; i < eq_group_cells(p->cells, group); i++) {
      const int32_t c = EQ_CELLS * group + i;
      const int32_t let_through = eq_rdbpot(eq_q_logistic(reset[i]) * eq_sat16(recurrent[i]), 15);
      y[c] = cell_output(p, eq_q_logistic(update[i]), eq_sat16(before[i] + let_through), state + c);
    }
  }
}

/* A step whose reset gate multiplies the state in front of the recurrent product. */
static EQ_INLINE void step_before(const eq_recurrent_s8_t *p, const void *x, const void *h,
                                  const eq_recurrent_memory_t *m, int8_t *y) {
  for (int32_t group = 0; EQ_CELLS * group < p->cells; group++) {
    int32_t reset[EQ_CELLS], update[EQ_CELLS];
    eq_gate(p, x, h, GATES * group + RESET, RESET, reset);
    eq_gate(p, x, h, GATES * group + UPDATE, UPDATE, update);
    for (int32_t i = 0; i < eq_group_cells(p->cells, group); i++) {
      const int32_t c = EQ_CELLS * group + i;
      m->update[c] = (int16_t)eq_q_logistic(update[i]);
      m->reset[c] = bytes_of(p, eq_q_logistic(reset[i]) * m->state[c], p->reset_output);
    }
  }
  const void *const let_through = eq_dot4_vector(m->reset, p->cells, m->h_memory);
  for (int32_t group = 0; EQ_CELLS * group < p->cells; group++) {
    int32_t candidate[EQ_CELLS];
    eq_gate(p, x, let_through, GATES * group + NEW, NEW, candidate);
    for (int32_t i = 0; i < eq_group_cells(p->cells, group); i++) {
      const int32_t c = EQ_CELLS * group + i;
      y[c] = cell_output(p, m->update[c], candidate[i], m->state + c);
    }
  }
}

static EQ_INLINE void gru(const eq_recurrent_s8_t *p, const int8_t *input, const void *state0, int8_t *output,
                          void *state_out, void *scratch) {
  const eq_recurrent_memory_t m = eq_recurrent_memory(p, state_out, scratch);
  eq_recurrent_begin(p, state0, m.state);
  int8_t *const first = eq_step_output(p, &m, output, -1, 0);
  for (int32_t c = 0; c < p->cells; c++) {
    first[c] = bytes_of(p, m.state[c], p->output);
  }
  const int8_t *before = first;
  for (int32_t step = 0; step < p->steps; step++) {
    const int32_t t = p->reverse ? p->steps - 1 - step : step;
    const void *const x = eq_dot4_vector(input + t * p->in_features, p->in_features, m.x_memory);
    const void *const h = eq_dot4_vector(before, p->cells, m.h_memory);
    int8_t *const y = eq_step_output(p, &m, output, step, t);
    if (p->reset_before) {
      step_before(p, x, h, &m, y);
    } else {
      step_behind(p, x, h, m.state, y);
    }
    before = y;
  }
  eq_recurrent_end(p, m.state, state_out);
}

#endif
