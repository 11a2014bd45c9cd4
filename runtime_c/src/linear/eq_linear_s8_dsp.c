/* linear, int8, Armv7E-M DSP. The header states the contract; weights as in eq_dsp_panel.h, four channels at a time. */
#include "eq_dsp.h"
#include "eq_linear.h"

/* Sums are drained every so many quads, see eq_dsp_panel.h. */
enum { DRAIN_QUADS = 128 };

/* Widens one row: per quad a word with bytes 0 and 2 and a word with bytes 1 and 3; the last quad is zero-filled. */
static EQ_INLINE void widen_row(const int8_t *x, int32_t bytes, uint32_t *halves) {
  for (; bytes >= 4; bytes -= 4) {
    const uint32_t word = eq_dsp_load(x);
    x += 4;
    halves[0] = eq_dsp_sxtb16(word);
    halves[1] = eq_dsp_sxtb16_ror8(word);
    halves += 2;
  }
  if (bytes > 0) {
    const uint32_t word = eq_load_tail(x, bytes);
    halves[0] = eq_dsp_sxtb16(word);
    halves[1] = eq_dsp_sxtb16_ror8(word);
  }
}

/* Sums of a pair of channels: the even channel, and even + 256 * odd. */
typedef struct {
  int32_t even, mixed;
} pair_t;

#define PAIR_STEP(pair, a, b, weights)                      \
  do {                                                      \
    uint32_t raw_, next_;                                   \
    EQ_DSP_NEXT2(weights, raw_, next_);                     \
    const uint32_t low_ = eq_dsp_sxtb16(raw_);              \
    (pair).mixed = eq_dsp_smlad(a, raw_, (pair).mixed);     \
    (pair).even = eq_dsp_smlad(a, low_, (pair).even);       \
    const uint32_t next_low_ = eq_dsp_sxtb16(next_);        \
    (pair).mixed = eq_dsp_smlad(b, next_, (pair).mixed);    \
    (pair).even = eq_dsp_smlad(b, next_low_, (pair).even);  \
  } while (0)

#define QUAD(first, second, halves, weights) \
  do {                                       \
    uint32_t a_, b_;                         \
    EQ_DSP_NEXT2(halves, a_, b_);            \
    PAIR_STEP(first, a_, b_, weights);       \
    PAIR_STEP(second, a_, b_, weights);      \
  } while (0)

/* Products of one row with four channels. */
static EQ_INLINE void dot4(const uint32_t *halves, const uint32_t *weights, int32_t quads, int32_t sums[4]) {
  pair_t first = {0, 0}, second = {0, 0};
  sums[1] = 0;
  sums[3] = 0;
  while (quads > 0) {
    const int32_t count = quads < DRAIN_QUADS ? quads : DRAIN_QUADS;
    first.mixed = first.even;
    second.mixed = second.even;
    if ((count & 1) != 0) {
      QUAD(first, second, halves, weights);
    }
    const uint32_t *const end = weights + (count & ~1) * 4;
    while (weights != end) {
      QUAD(first, second, halves, weights);
      QUAD(first, second, halves, weights);
    }
    sums[1] = eq_dsp_drain(sums[1], first.mixed, first.even);
    sums[3] = eq_dsp_drain(sums[3], second.mixed, second.even);
    quads -= count;
  }
  sums[0] = first.even;
  sums[2] = second.even;
}

static EQ_INLINE void linear(const eq_linear_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             void *restrict scratch, eq_range_t range, eq_requant_form_t form) {
  const int32_t quads = (p->in_features + 3) / 4;
  const eq_dsp_requant_t q = eq_dsp_requant(&p->requant);
  for (int32_t row = 0; row < p->rows; row++) {
    int8_t *const y = output + row * p->out_features;
    widen_row(input + row * p->in_features, p->in_features, scratch);
    for (int32_t group = range.begin & ~3; group < range.end; group += 4) {
      int32_t sums[4];
      dot4(scratch, (const uint32_t *)p->weights + group * quads, quads, sums);
      for (int32_t i = 0; i < 4; i++) {
        const int32_t o = group + i;
        if (o >= range.begin && o < range.end) {
          y[o] = eq_dsp_requantize(sums[i] + p->bias[o], o, &q, form);
        }
      }
    }
  }
}

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_high_dsp) { linear(p, input, output, scratch, range, EQ_REQUANT_HIGH); }

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_shift_dsp) { linear(p, input, output, scratch, range, EQ_REQUANT_SHIFT); }

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_tflite_dsp) { linear(p, input, output, scratch, range, EQ_REQUANT_TFLITE); }

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_line_dsp) { linear(p, input, output, scratch, range, EQ_REQUANT_LINE); }

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_step_dsp) { linear(p, input, output, scratch, range, EQ_REQUANT_STEP); }
