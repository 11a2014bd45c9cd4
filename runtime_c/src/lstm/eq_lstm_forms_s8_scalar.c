/* lstm with further forms, int8, portable C. eq_lstm_forms.h states the contract.
 *
 * A step goes over whole vectors of gates, since a normalization needs all cells. */
#include "eq_dot4_scalar.h"
#include "eq_inverse_sqrt.h"
#include "eq_recurrent_run.h"

/* Gates from the last one back: coupled ones have no INPUT. */
enum { GATES = 4, INPUT = 4, FORGET = 3, CELL = 2, OUTPUT = 1, NORM_BITS = 10, SQUARE_BITS = 20 };

typedef struct {
  const eq_recurrent_s8_t *p;
  const eq_lstm_forms_t *forms;
  int32_t gates, padded; /* padded: cells rounded up to a group */
  int16_t *state, *sums; /* sums [gates][padded] */
  int8_t *hidden;
} layer_t;

/* What the gates are made of in front of peepholes and normalization. */
static void products(const layer_t *layer, const int8_t *x, const int8_t *h) {
  for (int32_t group = 0; EQ_CELLS * group < layer->padded; group++) {
    for (int32_t gate = 0; gate < layer->gates; gate++) {
      int32_t values[EQ_CELLS];
      eq_gate(layer->p, x, h, layer->gates * group + gate, gate, values);
      for (int32_t i = 0; i < EQ_CELLS; i++) {
        layer->sums[layer->padded * gate + EQ_CELLS * group + i] = (int16_t)values[i];
      }
    }
  }
}

static void see_state(const layer_t *layer, int16_t *sums, int32_t row) {
  const int16_t *const weights = layer->forms->peepholes + layer->p->cells * row;
  for (int32_t c = 0; c < layer->p->cells; c++) {
    sums[c] = (int16_t)eq_sat16(sums[c] + eq_scaled(weights[c] * layer->state[c], layer->forms->peephole[row]));
  }
}

static int32_t round_norm(int32_t value) {
  const int64_t half = value < 0 ? -(1 << (NORM_BITS - 1)) : 1 << (NORM_BITS - 1);
  return (int32_t)((value + half) / (1 << NORM_BITS));
}

static void normalize(const layer_t *layer, int16_t *sums, int32_t gate) {
  const eq_lstm_forms_t *const forms = layer->forms;
  const int32_t cells = layer->p->cells;
  int64_t total = 0, squares = 0;
  for (int32_t c = 0; c < cells; c++) {
    total += sums[c];
    squares += sums[c] * sums[c];
  }
  const int32_t mean = (int32_t)(total * (1 << NORM_BITS) / cells);
  const int64_t variance = (squares * ((1 << SQUARE_BITS) / cells) - (int64_t)mean * mean) >> SQUARE_BITS;
  eq_scaling_t inverse;
  eq_inverse_sqrt(variance < 1 ? forms->guard[gate] : (int32_t)variance, &inverse.multiplier, &inverse.shift);
  for (int32_t c = 0; c < cells; c++) {
    const int32_t at = cells * gate + c;
    const int32_t one = eq_scaled(sums[c] * (1 << NORM_BITS) - mean, inverse);
    const uint32_t product = (uint32_t)one * (uint32_t)(int32_t)forms->norm[at] + (uint32_t)forms->norm_bias[at];
    sums[c] = (int16_t)eq_sat16(eq_scaled(round_norm((int32_t)product), forms->normal[gate]));
  }
}

/* A gate in front of its function. `from_last`: INPUT to OUTPUT. */
static int16_t *finished(const layer_t *layer, int32_t from_last) {
  const int32_t gate = layer->gates - from_last;
  int16_t *const sums = layer->sums + layer->padded * gate;
  if (layer->forms->peepholes != NULL && from_last != CELL) {
    see_state(layer, sums, from_last > CELL ? gate : gate - 1);
  }
  if (layer->forms->norm != NULL) {
    normalize(layer, sums, gate);
  }
  return sums;
}

static void new_state(const layer_t *layer) {
  const eq_recurrent_s8_t *const p = layer->p;
  const int16_t *const input = layer->forms->coupled ? NULL : finished(layer, INPUT);
  const int16_t *const forget = finished(layer, FORGET), *const cell = finished(layer, CELL);
  for (int32_t c = 0; c < p->cells; c++) {
    const int32_t kept = eq_q_logistic(forget[c]);
    const int32_t put = (input == NULL ? EQ_Q0_ONE - kept : eq_q_logistic(input[c])) * eq_q_tanh(cell[c], 3);
    const int32_t sum = eq_rdbpot(kept * layer->state[c], 15) + eq_rdbpot(put, 30 + p->state_exponent);
    layer->state[c] = (int16_t)eq_clamp(sum, p->state_min, p->state_max);
  }
}

static void new_hidden(const layer_t *layer, int8_t *hidden) {
  const eq_recurrent_s8_t *const p = layer->p;
  const int16_t *const output = finished(layer, OUTPUT);
  for (int32_t c = 0; c < p->cells; c++) {
    const int32_t value = eq_q_logistic(output[c]) * eq_q_tanh(layer->state[c], 15 + p->state_exponent);
    hidden[c] = (int8_t)eq_clamp(eq_scaled(value, p->output) + p->output_zero_point, -128, 127);
  }
}

static void project(const layer_t *layer, int8_t *y) {
  const eq_lstm_forms_t *const forms = layer->forms;
  const int32_t outputs = layer->p->outputs;
  for (int32_t group = 0; EQ_CELLS * group < outputs; group++) {
    int32_t values[EQ_CELLS];
    eq_dot4(layer->hidden, forms->projection, group, layer->p->cells, values);
    for (int32_t i = 0; i < eq_group_cells(outputs, group); i++) {
      const int32_t o = EQ_CELLS * group + i;
      const int32_t value = eq_scaled(values[i] + forms->projection_bias[o], forms->projected);
      y[o] = (int8_t)eq_clamp(value + forms->activation_zero_point, forms->projection_min, forms->projection_max);
    }
  }
}

EQ_RECURRENT_S8_PROTOTYPE(eq_lstm_forms_s8_scalar) {
  const eq_lstm_forms_t *const forms = p->forms;
  const int32_t gates = GATES - forms->coupled, padded = (p->cells + EQ_CELLS - 1) / EQ_CELLS * EQ_CELLS;
  int8_t *left = scratch;
  int16_t *const sums = (int16_t *)(void *)eq_part(2 * gates * padded, &left);
  int8_t *const hidden = eq_part(p->cells, &left);
  const eq_recurrent_memory_t m = eq_recurrent_memory(p, state_out, left);
  const layer_t layer = {p, forms, gates, padded, m.state, sums, hidden};
  const int8_t *before = eq_first_output(p, &m, h0, output, forms->activation_zero_point);
  eq_recurrent_begin(p, state0, m.state);
  for (int32_t step = 0; step < p->steps; step++) {
    const int32_t t = p->reverse ? p->steps - 1 - step : step;
    int8_t *const y = eq_step_output(p, &m, output, step, t);
    products(&layer, input + t * p->in_features, before);
    new_state(&layer);
    if (forms->projection != NULL) {
      new_hidden(&layer, hidden);
      project(&layer, y);
    } else {
      new_hidden(&layer, y);
    }
    before = y;
  }
  eq_recurrent_end(p, m.state, state_out);
}
