/* binary_conv2d, Xpulp / CORE-V. The header states the contract. A step is 8 loads and 16 times XOR, cv.cnt, add. */
#include "eq_binary_conv2d.h"
#include "eq_xpulp.h"

enum { EQ_BINARY_PIXELS = 4 };

/* Differing bits of one pixel in four channels. */
typedef struct {
  uint32_t c0, c1, c2, c3;
} counts_t;

static EQ_INLINE counts_t count(counts_t s, uint32_t x, uint32_t w0, uint32_t w1, uint32_t w2, uint32_t w3) {
  s.c0 += eq_xcv_cnt(x ^ w0);
  s.c1 += eq_xcv_cnt(x ^ w1);
  s.c2 += eq_xcv_cnt(x ^ w2);
  s.c3 += eq_xcv_cnt(x ^ w3);
  return s;
}

static EQ_INLINE void store(const eq_xpulp_requant_t *q, counts_t s, const int32_t *base, int32_t o, int32_t out_c,
                            int8_t *y, eq_requant_form_t form) {
  const uint32_t counts[4] = {s.c0, s.c1, s.c2, s.c3};
  for (int32_t i = 0; i < 4; i++) {
    if (o + i < out_c) {
      const uint32_t m = eq_xpulp_multiplier(q, o + i, form);
      const int32_t shift = eq_xpulp_shift(q, o + i, form), offset = eq_xpulp_offset(q, o + i, form);
      const int32_t v = eq_xpulp_scale(base[o + i] - 2 * (int32_t)counts[i], m, shift, offset, form);
      y[o + i] = (int8_t)(q->narrow ? eq_clamp(v, q->act_min, q->act_max) : v);
    }
  }
}

static EQ_INLINE void group(const eq_requant_t *requant, const uint32_t *const x[], const int32_t *const base[],
                            const uint32_t *w, int32_t words, int32_t o, int32_t out_c, int8_t *const y[],
                            int32_t pixels, eq_requant_form_t form) {
  const eq_xpulp_requant_t q = eq_xpulp_requant(requant);
  const uint32_t *x0 = x[0], *x1 = x[1], *x2 = x[2], *x3 = x[3];
  counts_t s0 = {0, 0, 0, 0}, s1 = s0, s2 = s0, s3 = s0;
  for (const uint32_t *const end = w + 4 * words; w != end;) {
    uint32_t w0, w1, w2, w3, v;
    EQ_XPULP_NEXT(w0, w);
    EQ_XPULP_NEXT(w1, w);
    EQ_XPULP_NEXT(w2, w);
    EQ_XPULP_NEXT(w3, w);
    EQ_XPULP_NEXT(v, x0);
    s0 = count(s0, v, w0, w1, w2, w3);
    EQ_XPULP_NEXT(v, x1);
    s1 = count(s1, v, w0, w1, w2, w3);
    EQ_XPULP_NEXT(v, x2);
    s2 = count(s2, v, w0, w1, w2, w3);
    EQ_XPULP_NEXT(v, x3);
    s3 = count(s3, v, w0, w1, w2, w3);
  }
  store(&q, s0, base[0], o, out_c, y[0], form);
  if (pixels > 1) {
    store(&q, s1, base[1], o, out_c, y[1], form);
  }
  if (pixels > 2) {
    store(&q, s2, base[2], o, out_c, y[2], form);
  }
  if (pixels > 3) {
    store(&q, s3, base[3], o, out_c, y[3], form);
  }
}

#include "eq_binary_conv2d_run.h"

EQ_BINARY_CONV2D_FUNCTIONS(xpulp)
