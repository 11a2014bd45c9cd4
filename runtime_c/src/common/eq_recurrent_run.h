/* What the bodies of recurrent kernels share: scratch, gates, the state before and after the sequence. Included behind
 * the eq_dot4_<isa>.h of the kernel. */
#ifndef EQ_RECURRENT_RUN_H
#define EQ_RECURRENT_RUN_H

#include "eq_gemmlowp16.h"
#include "eq_recurrent.h"

enum { EQ_CELLS = 4 /* cells of a group */ };

/* Not inlined: called for every gate, and the products are most of the code. */
#define EQ_ONCE __attribute__((noinline))

/* The kernel's memory, and the vectors of the step as eq_dot4 wants them. */
typedef struct {
  int16_t *state;
  int8_t *first;   /* output before the first step, and of every other one if only the last one's is kept */
  int16_t *update; /* gru with reset_before: update gates of all cells, and the state behind the reset gate */
  int8_t *reset;
  void *x_memory, *h_memory;
} eq_recurrent_memory_t;

static EQ_INLINE int32_t eq_scaled(int32_t acc, eq_scaling_t s) {
  return eq_scale_acc(acc, s.multiplier, s.shift, EQ_REQUANT_TFLITE);
}

static EQ_INLINE int8_t *eq_part(int32_t bytes, int8_t **scratch) {
  int8_t *const part = *scratch;
  *scratch += (bytes + 15) & ~15;
  return part;
}

static EQ_INLINE eq_recurrent_memory_t eq_recurrent_memory(const eq_recurrent_s8_t *p, void *state_out, void *scratch) {
  int8_t *left = scratch;
  eq_recurrent_memory_t m = {state_out, NULL, NULL, NULL, NULL, NULL};
  if (p->state_out != EQ_STATE_WIDE) {
    m.state = (int16_t *)(void *)eq_part(2 * p->cells, &left);
  }
  m.first = eq_part(p->outputs, &left);
  if (p->reset_before) {
    m.update = (int16_t *)(void *)eq_part(2 * p->cells, &left);
    m.reset = eq_part(p->cells, &left);
  }
  m.x_memory = eq_part(eq_dot4_bytes(p->in_features), &left);
  m.h_memory = left;
  return m;
}

/* Where the outputs of a step go, time step t; step -1 is before the first one. If only the last step's are wanted, the
 * output and a vector of scratch take turns. */
static EQ_INLINE int8_t *eq_step_output(const eq_recurrent_s8_t *p, const eq_recurrent_memory_t *m, int8_t *output,
                                        int32_t step, int32_t t) {
  if (p->last) {
    return ((p->steps - 1 - step) & 1) == 0 ? output : m->first;
  }
  return step < 0 ? m->first : output + t * p->outputs;
}

/* The output before the first step: h0, or where that is null a vector of zero points. */
static EQ_INLINE const int8_t *eq_first_output(const eq_recurrent_s8_t *p, const eq_recurrent_memory_t *m,
                                               const int8_t *h0, int8_t *output, int32_t zero_point) {
  if (h0 != NULL) {
    return h0;
  }
  int8_t *const first = eq_step_output(p, m, output, -1, 0);
  for (int32_t o = 0; o < p->outputs; o++) {
    first[o] = (int8_t)zero_point;
  }
  return first;
}

/* The state before the first step. */
static EQ_INLINE void eq_recurrent_begin(const eq_recurrent_s8_t *p, const void *state0, int16_t *state) {
  const int8_t *const bytes = state0;
  const int16_t *const wide = state0;
  for (int32_t c = 0; c < p->cells; c++) {
    int32_t value = 0;
    if (p->state_in == EQ_STATE_WIDE) {
      value = wide[c];
    } else if (p->state_in == EQ_STATE_BYTES) {
      value = eq_sat16(eq_scaled(bytes[c] - p->state_in_zero_point, p->state_in_scale));
    } else {
      /* a sequence begins with zeros */
    }
    state[c] = (int16_t)value;
  }
}

/* The state after the last step, where it goes out as bytes. */
static EQ_INLINE void eq_recurrent_end(const eq_recurrent_s8_t *p, const int16_t *state, void *state_out) {
  int8_t *const bytes = state_out;
  for (int32_t c = 0; c < p->cells && p->state_out == EQ_STATE_BYTES; c++) {
    bytes[c] = (int8_t)eq_clamp(eq_scaled(state[c], p->state_out_scale) + p->state_out_zero_point, -128, 127);
  }
}

/* A gate's share of the input, Q3.12, for the four cells of a group. `block`: group * gates + gate. */
EQ_ONCE static void eq_gate_before(const eq_recurrent_s8_t *p, const void *x, int32_t block, int32_t gate,
                                   int32_t values[EQ_CELLS]) {
  eq_dot4(x, p->input_weights, block, p->in_features, values);
  for (int32_t i = 0; i < EQ_CELLS; i++) {
    values[i] = eq_sat16(eq_scaled(values[i] + p->input_bias[EQ_CELLS * block + i], p->input[gate]));
  }
}

/* The same of the outputs before. */
EQ_ONCE static void eq_gate_recurrent(const eq_recurrent_s8_t *p, const void *h, int32_t block, int32_t gate,
                                      int32_t values[EQ_CELLS]) {
  eq_dot4(h, p->recurrent_weights, block, p->outputs, values);
  for (int32_t i = 0; i < EQ_CELLS; i++) {
    values[i] = eq_scaled(values[i] + p->recurrent_bias[EQ_CELLS * block + i], p->recurrent[gate]);
  }
}

/* A whole gate in front of its function. */
static EQ_INLINE void eq_gate(const eq_recurrent_s8_t *p, const void *x, const void *h, int32_t block, int32_t gate,
                              int32_t values[EQ_CELLS]) {
  int32_t recurrent[EQ_CELLS];
  eq_gate_before(p, x, block, gate, values);
  eq_gate_recurrent(p, h, block, gate, recurrent);
  for (int32_t i = 0; i < EQ_CELLS; i++) {
    values[i] = eq_sat16(values[i] + recurrent[i]);
  }
}

static EQ_INLINE int32_t eq_group_cells(int32_t cells, int32_t group) {
  const int32_t left = cells - EQ_CELLS * group;
  return left < EQ_CELLS ? left : EQ_CELLS;
}

#endif
