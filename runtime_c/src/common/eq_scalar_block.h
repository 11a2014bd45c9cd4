/* The matrix product of the portable kernels: two pixels (or rows) times four output channels.
 *
 * Eight sums and six loads for eight products. Weights are [out_c][K], so four channels are four pointers. */
#ifndef EQ_SCALAR_BLOCK_H
#define EQ_SCALAR_BLOCK_H

#include "eq_inline.h"
#include "eq_requant.h"

/* One pixel, four output channels. */
typedef struct {
  int32_t c0, c1, c2, c3;
} eq_sums_t;

/* The same run of weights in four output channels. */
typedef struct {
  const int8_t *c0, *c1, *c2, *c3;
} eq_weights_t;

static EQ_INLINE eq_weights_t eq_weights_at(eq_weights_t w, int32_t bytes) {
  return (eq_weights_t){w.c0 + bytes, w.c1 + bytes, w.c2 + bytes, w.c3 + bytes};
}

/* Channels o .. o+3 of `out_c`; channels beyond the last are copies of it. */
static EQ_INLINE eq_weights_t eq_weights_of(const int8_t *weights, int32_t o, int32_t out_c, int32_t filter_bytes) {
  const int32_t last = out_c - 1;
  const int32_t o1 = o + 1 < last ? o + 1 : last, o2 = o + 2 < last ? o + 2 : last, o3 = o + 3 < last ? o + 3 : last;
  return (eq_weights_t){weights + o * filter_bytes, weights + o1 * filter_bytes, weights + o2 * filter_bytes,
                        weights + o3 * filter_bytes};
}

static EQ_INLINE eq_sums_t eq_bias_of(const int32_t *bias, int32_t o, int32_t out_c) {
  const int32_t last = out_c - 1;
  const int32_t o1 = o + 1 < last ? o + 1 : last, o2 = o + 2 < last ? o + 2 : last, o3 = o + 3 < last ? o + 3 : last;
  return (eq_sums_t){bias[o], bias[o1], bias[o2], bias[o3]};
}

static EQ_INLINE void eq_step1(eq_sums_t *s, const int8_t *x, eq_weights_t w, int32_t i) {
  const int32_t v = x[i];
  s->c0 += v * w.c0[i];
  s->c1 += v * w.c1[i];
  s->c2 += v * w.c2[i];
  s->c3 += v * w.c3[i];
  EQ_PIN4(s->c0, s->c1, s->c2, s->c3);
}

static EQ_INLINE void eq_step2(eq_sums_t *s, eq_sums_t *t, const int8_t *x, const int8_t *z, eq_weights_t w,
                               int32_t i) {
  const int32_t v = x[i], u = z[i];
  const int32_t w0 = w.c0[i], w1 = w.c1[i], w2 = w.c2[i], w3 = w.c3[i];
  s->c0 += v * w0;
  t->c0 += u * w0;
  s->c1 += v * w1;
  t->c1 += u * w1;
  EQ_PIN4(s->c0, s->c1, t->c0, t->c1);
  s->c2 += v * w2;
  t->c2 += u * w2;
  s->c3 += v * w3;
  t->c3 += u * w3;
  EQ_PIN4(s->c2, s->c3, t->c2, t->c3);
}

/* A run of n contiguous bytes, one pixel. */
static EQ_INLINE void eq_run1(eq_sums_t *s, const int8_t *x, eq_weights_t w, int32_t n) {
  for (; n >= 4; n -= 4) {
    eq_step1(s, x, w, 0);
    eq_step1(s, x, w, 1);
    eq_step1(s, x, w, 2);
    eq_step1(s, x, w, 3);
    x += 4;
    w = eq_weights_at(w, 4);
  }
  for (; n > 0; n--) {
    eq_step1(s, x, w, 0);
    x++;
    w = eq_weights_at(w, 1);
  }
}

/* A run of n contiguous bytes, two pixels. */
static EQ_INLINE void eq_run2(eq_sums_t *s, eq_sums_t *t, const int8_t *x, const int8_t *z, eq_weights_t w, int32_t n) {
  for (; n >= 4; n -= 4) {
    eq_step2(s, t, x, z, w, 0);
    eq_step2(s, t, x, z, w, 1);
    eq_step2(s, t, x, z, w, 2);
    eq_step2(s, t, x, z, w, 3);
    x += 4;
    z += 4;
    w = eq_weights_at(w, 4);
  }
  for (; n > 0; n--) {
    eq_step2(s, t, x, z, w, 0);
    x++;
    z++;
    w = eq_weights_at(w, 1);
  }
}

/* Requantizes and stores those of the channels o .. o+3 that lie in [begin, end); y is the pixel's channel 0. */
static EQ_INLINE void eq_store_sums(const eq_requant_t *q, eq_sums_t s, int32_t o, int32_t begin, int32_t end,
                                    int8_t *y, eq_requant_form_t form) {
  if (o >= begin) {
    y[o] = eq_requantize(s.c0, o, q, form);
  }
  if (o + 1 >= begin && o + 1 < end) {
    y[o + 1] = eq_requantize(s.c1, o + 1, q, form);
  }
  if (o + 2 >= begin && o + 2 < end) {
    y[o + 2] = eq_requantize(s.c2, o + 2, q, form);
  }
  if (o + 3 >= begin && o + 3 < end) {
    y[o + 3] = eq_requantize(s.c3, o + 3, q, form);
  }
}

#endif
