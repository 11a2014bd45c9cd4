/* linear, int8, Xpulp / CORE-V. The header states the contract; weights as in eq_xpulp_block.h.
 *
 * One row times eight channels (two groups of four): one load of activations for eight of weights. */
#include "eq_linear.h"
#include "eq_xpulp_block.h"

/* Products of one row with a group of four channels. */
#define FOUR(s, x, weights)                \
  do {                                     \
    uint32_t w0_, w1_, w2_, w3_;           \
    EQ_XPULP_NEXT(w0_, weights);           \
    EQ_XPULP_NEXT(w1_, weights);           \
    EQ_XPULP_NEXT(w2_, weights);           \
    EQ_XPULP_NEXT(w3_, weights);           \
    s = eq_xpulp_dot(s, x, w0_, w1_, w2_, w3_); \
  } while (0)

/* Products of one row with the groups at `a` and `b`. */
static EQ_INLINE void dot8(const int8_t *x, int32_t quads, const int8_t *a, const int8_t *b, eq_xpulp_sums_t *sums_a,
                           eq_xpulp_sums_t *sums_b) {
  eq_xpulp_sums_t s = {0, 0, 0, 0}, t = {0, 0, 0, 0};
  const int8_t *const end = a + 16 * quads;
  while (a != end) {
    uint32_t v;
    EQ_XPULP_NEXT(v, x);
    FOUR(s, v, a);
    FOUR(t, v, b);
  }
  *sums_a = s;
  *sums_b = t;
}

/* Adds the biases, requantizes and stores those of the channels o .. o+3 that lie in `range`. */
static EQ_INLINE void store(const eq_linear_s8_t *p, const eq_xpulp_requant_t *q, eq_xpulp_sums_t s, int32_t o,
                            eq_range_t range, int8_t *y, eq_requant_form_t form) {
  int32_t sums[4] = {s.c0, s.c1, s.c2, s.c3};
  for (int32_t i = 0; i < 4; i++) {
    sums[i] += o + i < p->out_features ? p->bias[o + i] : 0;
  }
  eq_xpulp_store_part(q, sums, o, range, y, form);
}

static EQ_INLINE void linear(const eq_linear_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             void *restrict scratch, eq_range_t range, eq_requant_form_t form) {
  const int32_t k = p->in_features;
  const int32_t quads = (k + 3) / 4;
  const eq_xpulp_requant_t q = eq_xpulp_requant(&p->requant);
  for (int32_t row = 0; row < p->rows; row++) {
    const int8_t *x = input + row * k;
    int8_t *const y = output + row * p->out_features;
    if ((k & 3) != 0) {
      (void)eq_xpulp_fill(eq_xpulp_copy(scratch, x, k), 0, 4 * quads - k);
      x = scratch;
    }
    for (int32_t o = range.begin & ~3; o < range.end; o += 8) {
      const int8_t *const a = (const int8_t *)p->weights + o * 4 * quads;
      /* A lone last group is computed twice. */
      const int32_t second = o + 4 < range.end ? o + 4 : o;
      const int8_t *const b = (const int8_t *)p->weights + second * 4 * quads;
      eq_xpulp_sums_t s, t;
      dot8(x, quads, a, b, &s, &t);
      store(p, &q, s, o, range, y, form);
      if (second != o) {
        store(p, &q, t, second, range, y, form);
      }
    }
  }
}

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_high_xpulp) { linear(p, input, output, scratch, range, EQ_REQUANT_HIGH); }

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_shift_xpulp) { linear(p, input, output, scratch, range, EQ_REQUANT_SHIFT); }

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_tflite_xpulp) { linear(p, input, output, scratch, range, EQ_REQUANT_TFLITE); }

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_line_xpulp) { linear(p, input, output, scratch, range, EQ_REQUANT_LINE); }

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_step_xpulp) { linear(p, input, output, scratch, range, EQ_REQUANT_STEP); }
