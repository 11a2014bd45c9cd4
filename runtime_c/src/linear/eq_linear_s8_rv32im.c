/* linear, int8, plain RV32IM (no SIMD). The header states the contract, eq_rv32im_block.h how products are paired.
 *
 * A row is spread once and used by every four output channels. */
#include "eq_linear.h"
#include "eq_rv32im_requant.h"
#include "eq_rv32im_spread.h"

enum { CHANNELS = 4, QUAD = 2 };

/* Four output channels of a row. Unsigned, because sums may wrap. */
typedef struct {
  uint32_t c0, c1, c2, c3;
} four_t;

/* v times the weight words of four channels. */
static EQ_INLINE four_t times(uint32_t v, const uint32_t *w) {
  return (four_t){v * w[0], v * w[1], v * w[2], v * w[3]};
}

static EQ_INLINE void add(four_t *sum, four_t a) {
  sum->c0 += a.c0;
  sum->c1 += a.c1;
  sum->c2 += a.c2;
  sum->c3 += a.c3;
  EQ_PIN4(sum->c0, sum->c1, sum->c2, sum->c3);
}

static EQ_INLINE four_t upper(four_t a) {
  return (four_t){eq_upper(a.c0), eq_upper(a.c1), eq_upper(a.c2), eq_upper(a.c3)};
}

static EQ_INLINE const uint32_t *at(const uint32_t *spread, uint32_t offset) {
  return (const uint32_t *)(const void *)((const uint8_t *)spread + offset);
}

/* The three lists of four channels; see eq_rv32im_block.h. */
static EQ_INLINE void four_products(four_t *acc, const uint32_t *stream, const uint32_t *spread) {
  while (stream[0] != 0) {
    const uint16_t *const offsets = (const uint16_t *)(const void *)stream;
    const uint32_t *const x = at(spread, offsets[0]), *const z = at(spread, offsets[1]);
    four_t sum = times(x[0], stream + 1);
    add(&sum, times(x[1], stream + 5));
    add(&sum, times(z[0], stream + 9));
    add(&sum, times(z[1], stream + 13));
    add(acc, upper(sum));
    stream += 17;
  }
  stream++;
  for (int32_t offset = (int32_t)*stream++; offset >= 0; offset = (int32_t)*stream++) {
    const uint32_t *const x = at(spread, (uint32_t)offset);
    four_t sum = times(x[0], stream);
    add(&sum, times(x[1], stream + 4));
    add(acc, upper(sum));
    stream += 8;
  }
  for (int32_t offset = (int32_t)*stream++; offset >= 0; offset = (int32_t)*stream++) {
    const uint32_t *const x = at(spread, (uint32_t)offset);
    add(acc, upper(times(x[0], stream)));
    add(acc, upper(times(x[1], stream + 4)));
    stream += 8;
  }
}

static void spread_row(const int8_t *input, int32_t in_features, uint32_t *spread) {
  const int32_t quads = (in_features + 3) / 4;
  int8_t *const row = (int8_t *)(spread + QUAD * quads);
  if ((((uintptr_t)input | (uintptr_t)in_features) & 3u) != 0) {
    (void)eq_copy_bytes(row, input, in_features);
    input = row;
  }
  (void)eq_spread_steps(spread, input, 4 * quads, QUAD);
}

static EQ_INLINE void store(const eq_linear_s8_t *p, uint32_t acc, int32_t o, eq_range_t range, int8_t *y,
                            eq_requant_form_t form) {
  if (o >= range.begin && o < range.end) {
    y[o] = eq_requantize_rv32im(acc, eq_scale_of(&p->requant, o, form), eq_output_of(&p->requant, form), form);
  }
}

static EQ_INLINE void linear(const eq_linear_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             void *restrict scratch, eq_range_t range, eq_requant_form_t form) {
  const uint32_t *const weights = p->weights;
  const int32_t last = p->out_features - 1;
  for (int32_t r = 0; r < p->rows; r++) {
    int8_t *const y = output + r * p->out_features;
    spread_row(input + r * p->in_features, p->in_features, scratch);
    for (int32_t o = range.begin / CHANNELS * CHANNELS; o < range.end; o += CHANNELS) {
      four_t acc = {(uint32_t)p->bias[o], (uint32_t)p->bias[o + 1 < last ? o + 1 : last],
                    (uint32_t)p->bias[o + 2 < last ? o + 2 : last], (uint32_t)p->bias[o + 3 < last ? o + 3 : last]};
      four_products(&acc, weights + weights[o / CHANNELS], scratch);
      store(p, acc.c0, o, range, y, form);
      store(p, acc.c1, o + 1, range, y, form);
      store(p, acc.c2, o + 2, range, y, form);
      store(p, acc.c3, o + 3, range, y, form);
    }
  }
}

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_high_rv32im) { linear(p, input, output, scratch, range, EQ_REQUANT_HIGH); }

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_shift_rv32im) { linear(p, input, output, scratch, range, EQ_REQUANT_SHIFT); }

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_tflite_rv32im) { linear(p, input, output, scratch, range, EQ_REQUANT_TFLITE); }

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_line_rv32im) { linear(p, input, output, scratch, range, EQ_REQUANT_LINE); }

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_step_rv32im) { linear(p, input, output, scratch, range, EQ_REQUANT_STEP); }
