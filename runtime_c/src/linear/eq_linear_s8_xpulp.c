/* linear, int8, Xpulp / CORE-V. The header states the contract; weights as in eq_xpulp_block.h.
 *
 * One row times eight channels (two groups of four): one load of activations for eight of weights. */
#include "eq_linear.h"
#include "eq_xpulp_block.h"

/* Products of one row with the groups at `a` and `b`. */
static EQ_INLINE void dot8(const int8_t *x, int32_t quads, const int8_t *a, const int8_t *b, eq_xpulp_sums_t *sums_a,
                           eq_xpulp_sums_t *sums_b) {
  eq_xpulp_sums_t s = *sums_a, t = *sums_b;
  const int8_t *const end = a + 16 * quads;
  while (a != end) {
    const uint32_t v = eq_xcv_load_w(x, 4);
    const uint32_t a0 = eq_xcv_load_w(a, 4), a1 = eq_xcv_load_w(a, 4), a2 = eq_xcv_load_w(a, 4);
    const uint32_t a3 = eq_xcv_load_w(a, 4);
    s = eq_xpulp_dot(s, v, a0, a1, a2, a3);
    const uint32_t b0 = eq_xcv_load_w(b, 4), b1 = eq_xcv_load_w(b, 4), b2 = eq_xcv_load_w(b, 4);
    const uint32_t b3 = eq_xcv_load_w(b, 4);
    t = eq_xpulp_dot(t, v, b0, b1, b2, b3);
  }
  *sums_a = s;
  *sums_b = t;
}

static EQ_INLINE void store(const eq_linear_s8_t *p, const eq_xpulp_requant_t *q, eq_xpulp_sums_t s, int32_t o,
                            eq_range_t range, int8_t *y, eq_requant_form_t form) {
  uint32_t m[4];
  int32_t shift[4];
  const int32_t word = (p->out_features & 3) == 0 && o >= range.begin && o + 4 <= range.end;
  eq_xpulp_constants(q, o, p->out_features, m, shift, form);
  eq_xpulp_put(q, s, m, shift, o, range.begin, range.end, y, word, form);
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
      eq_xpulp_sums_t s = eq_xpulp_bias(p->bias, o, p->out_features);
      eq_xpulp_sums_t t = eq_xpulp_bias(p->bias, second, p->out_features);
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
