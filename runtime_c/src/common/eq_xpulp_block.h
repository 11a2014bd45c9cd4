/* The matrix product of the Xpulp kernels: four pixels times four output channels, four filter bytes at a time.
 *
 * Weights: [group of 4 channels][quad of bytes][4 channels][4 bytes]. Pixels: whole, 4-byte aligned quads of bytes. A step
 * is 8 post-increment loads and 16 dot products. */
#ifndef EQ_XPULP_BLOCK_H
#define EQ_XPULP_BLOCK_H

#include "eq_xpulp.h"

enum { EQ_XPULP_PIXELS = 4, EQ_XPULP_LANES = 4 };

/* Sums of one pixel in four channels. */
typedef struct {
  int32_t c0, c1, c2, c3;
} eq_xpulp_sums_t;

static EQ_INLINE eq_xpulp_sums_t eq_xpulp_dot(eq_xpulp_sums_t s, uint32_t x, uint32_t w0, uint32_t w1, uint32_t w2,
                                              uint32_t w3) {
  s.c0 = eq_xcv_sdotsp_b(s.c0, x, w0);
  s.c1 = eq_xcv_sdotsp_b(s.c1, x, w1);
  s.c2 = eq_xcv_sdotsp_b(s.c2, x, w2);
  s.c3 = eq_xcv_sdotsp_b(s.c3, x, w3);
  EQ_PIN4(s.c0, s.c1, s.c2, s.c3);
  return s;
}

/* Biases of the channels o .. o+3; those beyond out_c are 0. */
static EQ_INLINE eq_xpulp_sums_t eq_xpulp_bias(const int32_t *bias, int32_t o, int32_t out_c) {
  eq_xpulp_sums_t s = {bias[o], 0, 0, 0};
  if (o + 3 < out_c) {
    s = (eq_xpulp_sums_t){bias[o], bias[o + 1], bias[o + 2], bias[o + 3]};
  } else {
    s.c1 = o + 1 < out_c ? bias[o + 1] : 0;
    s.c2 = o + 2 < out_c ? bias[o + 2] : 0;
  }
  return s;
}

/* Requantizes and stores those of the channels o .. o+3 of one pixel that lie in [begin, end); y is its channel 0. `word`:
 * all four do, at an aligned address. */
static EQ_INLINE void eq_xpulp_put(const eq_xpulp_requant_t *q, eq_xpulp_sums_t s, const uint32_t m[4],
                                   const int32_t shift[4], int32_t o, int32_t begin, int32_t end, int8_t *y,
                                   int32_t word, eq_requant_form_t form) {
  s.c0 = eq_xpulp_scale(s.c0, m[0], shift[0], q->zero_point, form);
  s.c1 = eq_xpulp_scale(s.c1, m[1], shift[1], q->zero_point, form);
  s.c2 = eq_xpulp_scale(s.c2, m[2], shift[2], q->zero_point, form);
  s.c3 = eq_xpulp_scale(s.c3, m[3], shift[3], q->zero_point, form);
  uint32_t bytes = eq_xcv_packlo_b(0u, (uint32_t)s.c1, (uint32_t)s.c0);
  bytes = eq_xcv_packhi_b(bytes, (uint32_t)s.c3, (uint32_t)s.c2);
  if (q->narrow) {
    bytes = eq_xcv_max_b(bytes, ((uint32_t)q->act_min & 0xffu) * 0x01010101u);
    bytes = eq_xcv_min_b(bytes, ((uint32_t)q->act_max & 0xffu) * 0x01010101u);
  }
  y += o;
  if (word) {
    eq_xpulp_store(y, bytes);
    return;
  }
  for (int32_t i = 0; i < 4 && o + i < end; i++) {
    if (o + i >= begin) {
      y[i] = (int8_t)(uint8_t)(bytes >> 8 * i);
    }
  }
}

/* The constants of the channels o .. o+3; those beyond out_c repeat channel o's. */
static EQ_INLINE void eq_xpulp_constants(const eq_xpulp_requant_t *q, int32_t o, int32_t out_c, uint32_t m[4],
                                         int32_t shift[4], eq_requant_form_t form) {
  const int32_t o1 = o + 1 < out_c ? o + 1 : o, o2 = o + 2 < out_c ? o + 2 : o, o3 = o + 3 < out_c ? o + 3 : o;
  m[0] = eq_xpulp_multiplier(q, o, form);
  m[1] = eq_xpulp_multiplier(q, o1, form);
  m[2] = eq_xpulp_multiplier(q, o2, form);
  m[3] = eq_xpulp_multiplier(q, o3, form);
  shift[0] = eq_xpulp_shift(q, o, form);
  shift[1] = eq_xpulp_shift(q, o1, form);
  shift[2] = eq_xpulp_shift(q, o2, form);
  shift[3] = eq_xpulp_shift(q, o3, form);
}

#define EQ_XPULP_STEP(s0, s1, s2, s3, x0, x1, x2, x3, weights)                                     \
  do {                                                                                             \
    const uint32_t w0_ = eq_xcv_load_w(weights, 4), w1_ = eq_xcv_load_w(weights, 4);               \
    const uint32_t w2_ = eq_xcv_load_w(weights, 4), w3_ = eq_xcv_load_w(weights, 4);               \
    const uint32_t a_ = eq_xcv_load_w(x0, 4), b_ = eq_xcv_load_w(x1, 4);                           \
    s0 = eq_xpulp_dot(s0, a_, w0_, w1_, w2_, w3_);                                                 \
    const uint32_t c_ = eq_xcv_load_w(x2, 4);                                                      \
    s1 = eq_xpulp_dot(s1, b_, w0_, w1_, w2_, w3_);                                                 \
    const uint32_t d_ = eq_xcv_load_w(x3, 4);                                                      \
    s2 = eq_xpulp_dot(s2, c_, w0_, w1_, w2_, w3_);                                                 \
    s3 = eq_xpulp_dot(s3, d_, w0_, w1_, w2_, w3_);                                                 \
  } while (0)

/* What a block's sums are made of. */
typedef struct {
  const int8_t *x0, *x1, *x2, *x3; /* the four pixels' quads */
  const int8_t *weights;           /* advances */
  int32_t quads;
  eq_xpulp_sums_t s0, s1, s2, s3;
} eq_xpulp_block_t;

/* Adds all products to the sums of a block. Not inlined: the loop needs 27 registers, and a caller's values that stay
 * alive across it would be spilled inside it. */
__attribute__((noinline)) static void eq_xpulp_sum(eq_xpulp_block_t *b) {
  const int8_t *x0 = b->x0, *x1 = b->x1, *x2 = b->x2, *x3 = b->x3, *weights = b->weights;
  eq_xpulp_sums_t s0 = b->s0, s1 = b->s1, s2 = b->s2, s3 = b->s3;
  const int8_t *const end = weights + b->quads * 16;
  b->weights = end;
  while (weights != end) {
    EQ_XPULP_STEP(s0, s1, s2, s3, x0, x1, x2, x3, weights);
  }
  b->s0 = s0;
  b->s1 = s1;
  b->s2 = s2;
  b->s3 = s3;
}

/* All output channels of the `pixels` (1 to 4) pixels whose quads start at x, `x_pitch` bytes apart; y is the first pixel's
 * output. Missing pixels repeat the last one and are not stored. */
static EQ_INLINE void eq_xpulp_product(const int8_t *x, int32_t x_pitch, int32_t quads, const int8_t *weights,
                                       const int32_t *bias, const eq_xpulp_requant_t *q, int32_t out_c, int8_t *y,
                                       int32_t pixels, eq_requant_form_t form) {
  eq_xpulp_block_t b;
  const int32_t word = (out_c & 3) == 0;
  b.x0 = x;
  b.x1 = pixels > 1 ? x + x_pitch : x;
  b.x2 = pixels > 2 ? b.x1 + x_pitch : b.x1;
  b.x3 = pixels > 3 ? b.x2 + x_pitch : b.x2;
  b.weights = weights;
  b.quads = quads;
  for (int32_t o = 0; o < out_c; o += EQ_XPULP_LANES) {
    b.s0 = b.s1 = b.s2 = b.s3 = eq_xpulp_bias(bias, o, out_c);
    eq_xpulp_sum(&b);
    uint32_t m[4];
    int32_t shift[4];
    eq_xpulp_constants(q, o, out_c, m, shift, form);
    eq_xpulp_put(q, b.s0, m, shift, o, 0, out_c, y, word, form);
    if (pixels > 1) {
      eq_xpulp_put(q, b.s1, m, shift, o, 0, out_c, y + out_c, word, form);
    }
    if (pixels > 2) {
      eq_xpulp_put(q, b.s2, m, shift, o, 0, out_c, y + 2 * out_c, word, form);
    }
    if (pixels > 3) {
      eq_xpulp_put(q, b.s3, m, shift, o, 0, out_c, y + 3 * out_c, word, form);
    }
  }
}

#endif
