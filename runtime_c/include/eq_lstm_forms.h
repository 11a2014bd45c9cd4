/* What an lstm may have beside its gates (eq_recurrent.h): TensorFlow Lite's further forms of its full-integer kernel.
 *
 *   coupled      no input gate: gates g = forget, cell, output, and in place of the input gate 32767 - forget gate
 *   peepholes    behind its products, in front of its function, each gate but the cell gate becomes
 *                sat16(gate + scale(peepholes[g][c] * state[c], peephole[g])), the output gate with the new state;
 *                null: none. Rows: the gates without the cell gate
 *   norm         behind that each gate becomes, with m = its mean over the cells * 2^10, rounded towards zero, and
 *                v = floor((sum of squares * floor(2^20 / cells) - m^2) / 2^20), or guard[g] where v < 1,
 *                n[c] = scale(gate[c] * 2^10 - m, 1 / sqrt(v)),   1 / sqrt: eq_inverse_sqrt.h
 *                gate[c] = sat16(scale(round((n[c] * norm[g][c] + norm_bias[g][c]) / 2^10), normal[g]))
 *                round: half away from zero; the product and its sum wrap around in int32. null: none
 *   projection   what the plain lstm gives out is hidden[c], and
 *                h[t][o] = clamp(scale(projection_bias[o] + sum over c of projection[o][c] * hidden[c], projected)
 *                                + activation_zero_point, projection_min, projection_max)
 *                rows in fours, those beyond the last one zero; projection_bias holds -zero point * sum of the row.
 *                null: h[t] is hidden
 *
 * Scratch, in front of what eq_recurrent.h says for eq_dot4_bytes = 0, in parts of 16 bytes rounded up:
 * 2 * gates * cells rounded up to 4; cells. */
#ifndef EQ_LSTM_FORMS_H
#define EQ_LSTM_FORMS_H

#include "eq_types.h"

typedef struct {
  int32_t multiplier, shift;
} eq_scaling_t;

typedef struct {
  int32_t coupled;
  const int16_t *peepholes;
  eq_scaling_t peephole[3];
  const int16_t *norm;
  const int32_t *norm_bias;
  eq_scaling_t normal[4]; /* per gate */
  int32_t guard[4];       /* per gate, at least 1 */
  const int8_t *projection;
  const int32_t *projection_bias;
  eq_scaling_t projected;
  int32_t projection_min, projection_max;
  int32_t activation_zero_point; /* of h[t] */
} eq_lstm_forms_t;

#endif
