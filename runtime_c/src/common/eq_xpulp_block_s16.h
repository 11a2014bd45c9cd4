/* The matrix product of the Xpulp kernels for int16 activations: four pixels times four output channels, a pair of
 * elements at a time (cv.sdotsp.h), with the loop of eq_xpulp_block.h.
 *
 * A halfword holds the weights of two channels as (w_even + 128) + 256 * w_odd. Shifted right by 8 it is w_odd; with
 * the halfword as it is a sum is, modulo 2^32,
 *
 *   mixed = sum_even + 128 * sum of the pixel + 256 * sum_odd
 *
 * so that sum_even, which fits 32 bits as sum_odd does, comes out of it at the end: one instruction widens four
 * weights.
 *
 * Weights: [group of 4 channels][pair of elements][2 pairs of channels][2 elements]. Biases go the same way: of two
 * channels b_even + 256 * b_odd and b_odd. */
#ifndef EQ_XPULP_BLOCK_S16_H
#define EQ_XPULP_BLOCK_S16_H

#include "eq_xpulp_block.h"

/* A pair of elements of one pixel. */
static EQ_INLINE eq_xpulp_sums_t eq_xpulp_dot_s16(eq_xpulp_sums_t s, uint32_t x, uint32_t w01, uint32_t w23) {
  s.c0 = eq_xcv_sdotsp_h(s.c0, x, w01);
  s.c1 = eq_xcv_sdotsp_h(s.c1, x, eq_xcv_sra_h(w01, 0x00080008u));
  s.c2 = eq_xcv_sdotsp_h(s.c2, x, w23);
  s.c3 = eq_xcv_sdotsp_h(s.c3, x, eq_xcv_sra_h(w23, 0x00080008u));
  return s;
}

#if defined(EQ_XCV_BACKEND_INSN)
/* One pair of elements: weights of four channels out of two words (cv.sra.sci.h by 8). */
#define EQ_XPULP_PAIR_S16 \
  ".insn i 0x0b, 2, t0, t6, 4\n\t" \
  ".insn i 0x0b, 2, t4, a1, 4\n\t" \
  ".insn r 0x7b, 6, 0x24, t1, t0, x4\n\t" \
  ".insn i 0x0b, 2, t2, t6, 4\n\t" \
  ".insn i 0x0b, 2, ra, a2, 4\n\t" \
  ".insn r 0x7b, 6, 0x24, t3, t2, x4\n\t" \
  EQ_XPULP_DOTS_OF("0")

EQ_XPULP_SUM(eq_xpulp_sum_s16, EQ_XPULP_PAIR_S16)
#else
__attribute__((noinline, unused)) static void eq_xpulp_sum_s16(eq_xpulp_block_t *c) {
  const int8_t *weights = c->weights;
  eq_xpulp_sums_t *out = (eq_xpulp_sums_t *)(void *)c->sums;
  for (int32_t group = 0; group < c->groups; group++) {
    const int8_t *x0 = c->x0, *x1 = c->x1, *x2 = c->x2, *x3 = c->x3;
    eq_xpulp_sums_t s0 = {c->bias[0], c->bias[1], c->bias[2], c->bias[3]}, s1 = s0, s2 = s0, s3 = s0;
    for (int32_t pair = 0; pair < c->quads; pair++) {
      const uint32_t w01 = eq_xcv_load_w(weights, 4), w23 = eq_xcv_load_w(weights, 4);
      s0 = eq_xpulp_dot_s16(s0, eq_xcv_load_w(x0, 4), w01, w23);
      s1 = eq_xpulp_dot_s16(s1, eq_xcv_load_w(x1, 4), w01, w23);
      s2 = eq_xpulp_dot_s16(s2, eq_xcv_load_w(x2, 4), w01, w23);
      s3 = eq_xpulp_dot_s16(s3, eq_xcv_load_w(x3, 4), w01, w23);
    }
    *out++ = s0;
    *out++ = s1;
    *out++ = s2;
    *out++ = s3;
    c->bias += EQ_XPULP_LANES;
  }
  c->weights = weights;
}
#endif

/* Requantization of four channels; bounds are in both halves. */
typedef struct {
  int32_t m0, m1, m2, m3, s0, s1, s2, s3;
} eq_xpulp_scale_s16_t;

typedef struct {
  uint32_t low, high;
  int32_t narrow; /* less than int16 */
} eq_xpulp_bounds_s16_t;

static EQ_INLINE eq_xpulp_scale_s16_t eq_xpulp_scale_of_s16(const eq_requant_t *q, int32_t o) {
  const int32_t *const m = q->multiplier + o;
  const int8_t *const s = q->shift + o;
  return (eq_xpulp_scale_s16_t){m[0], m[1], m[2], m[3], s[0], s[1], s[2], s[3]};
}

static EQ_INLINE eq_xpulp_bounds_s16_t eq_xpulp_bounds_s16(const eq_requant_t *q) {
  return (eq_xpulp_bounds_s16_t){((uint32_t)q->act_min & 0xffffu) * 0x00010001u, (uint32_t)q->act_max * 0x00010001u,
                                 q->act_min > -32768 || q->act_max < 32767};
}

static EQ_INLINE uint32_t eq_xpulp_requantize_s16(int32_t acc, int32_t m, int32_t s) {
  const int32_t high = (int32_t)(((int64_t)acc * (int64_t)m) >> 32);
  return (uint32_t)eq_xcv_clip(eq_xcv_addRNr(high, 0, s), 16);
}

/* Requantizes and stores the first `lanes` of four sums. `aligned`: y is, to 4 bytes. */
static EQ_INLINE void eq_xpulp_put_s16(eq_xpulp_sums_t sums, eq_xpulp_scale_s16_t k, eq_xpulp_bounds_s16_t bounds,
                                       int16_t *y, int32_t lanes, int32_t aligned) {
  const uint32_t y0 = eq_xpulp_requantize_s16(sums.c0, k.m0, k.s0);
  const uint32_t y1 = eq_xpulp_requantize_s16(sums.c1, k.m1, k.s1);
  const uint32_t y2 = eq_xpulp_requantize_s16(sums.c2, k.m2, k.s2);
  const uint32_t y3 = eq_xpulp_requantize_s16(sums.c3, k.m3, k.s3);
  uint32_t first = eq_xcv_pack_lo_h(y1, y0), last = eq_xcv_pack_lo_h(y3, y2);
  if (bounds.narrow) {
    first = eq_xcv_min_h(eq_xcv_max_h(first, bounds.low), bounds.high);
    last = eq_xcv_min_h(eq_xcv_max_h(last, bounds.low), bounds.high);
  }
  if (aligned && lanes == EQ_XPULP_LANES) {
    eq_xpulp_store((int8_t *)y, first);
    eq_xpulp_store((int8_t *)(y + 2), last);
    return;
  }
  y[0] = (int16_t)(uint16_t)first;
  if (lanes > 1) {
    y[1] = (int16_t)(uint16_t)(first >> 16);
  }
  if (lanes > 2) {
    y[2] = (int16_t)(uint16_t)last;
  }
  if (lanes > 3) {
    y[3] = (int16_t)(uint16_t)(last >> 16);
  }
}

/* Sums of four channels out of what the loop leaves. `x128`: 128 times the sum of the pixel's elements. */
static EQ_INLINE eq_xpulp_sums_t eq_xpulp_separated_s16(eq_xpulp_sums_t s, int32_t x128) {
  s.c0 = (int32_t)((uint32_t)s.c0 - ((uint32_t)s.c1 << 8) - (uint32_t)x128);
  s.c2 = (int32_t)((uint32_t)s.c2 - ((uint32_t)s.c3 << 8) - (uint32_t)x128);
  return s;
}

/* 128 times the sum of a pixel's elements, modulo 2^32. */
static EQ_INLINE int32_t eq_xpulp_sum128_s16(const int16_t *x, int32_t pairs) {
  const int8_t *from = (const int8_t *)x;
  int32_t sum = 0;
  for (; pairs > 1; pairs -= 2) {
    sum = eq_xcv_sdotsp_h(sum, eq_xcv_load_w(from, 4), 0x00800080u);
    sum = eq_xcv_sdotsp_h(sum, eq_xcv_load_w(from, 4), 0x00800080u);
  }
  return pairs > 0 ? eq_xcv_sdotsp_h(sum, eq_xcv_load_w(from, 4), 0x00800080u) : sum;
}

/* Channels range.begin (a multiple of 4) to range.end - 1 of one pixel, whose output's channel 0 is y. */
static EQ_INLINE void eq_xpulp_row_s16(const int16_t *x, int32_t pairs, const int8_t *weights, const int32_t *bias,
                                       const eq_requant_t *q, eq_range_t range, int16_t *y) {
  const int32_t x128 = eq_xpulp_sum128_s16(x, pairs), aligned = ((uintptr_t)y & 3u) == 0u;
  const eq_xpulp_bounds_s16_t bounds = eq_xpulp_bounds_s16(q);
  weights += 2 * range.begin * pairs;
  for (int32_t o = range.begin; o < range.end; o += EQ_XPULP_LANES) {
    const int8_t *at = (const int8_t *)x;
    eq_xpulp_sums_t s = {bias[o], bias[o + 1], bias[o + 2], bias[o + 3]};
    for (int32_t pair = pairs; pair > 0; pair--) {
      const uint32_t w01 = eq_xcv_load_w(weights, 4), w23 = eq_xcv_load_w(weights, 4);
      s = eq_xpulp_dot_s16(s, eq_xcv_load_w(at, 4), w01, w23);
    }
    const int32_t lanes = range.end - o < EQ_XPULP_LANES ? range.end - o : EQ_XPULP_LANES;
    eq_xpulp_put_s16(eq_xpulp_separated_s16(s, x128), eq_xpulp_scale_of_s16(q, o), bounds, y + o, lanes, aligned);
  }
}

/* The same of `pixels` (1 to 4) pixels, whose outputs are `pitch` elements apart. A missing pixel repeats the last
 * one. */
static EQ_INLINE void eq_xpulp_product_s16(const int16_t *const x[4], int32_t pixels, int32_t pairs,
                                           const int8_t *weights, const int32_t *bias, const eq_requant_t *requant,
                                           eq_range_t range, int16_t *y, int32_t pitch) {
  const eq_requant_t q = *requant; /* by value: what is loaded through a pointer would be loaded again after a store */
  if (pixels == 1) {
    eq_xpulp_row_s16(x[0], pairs, weights, bias, &q, range, y);
    return;
  }
  const int8_t *const from[4] = {(const int8_t *)x[0], (const int8_t *)x[1], (const int8_t *)x[2],
                                 (const int8_t *)x[3]};
  const int32_t aligned = (((uintptr_t)y & 3u) | ((uint32_t)pitch & 1u)) == 0u;
  const eq_xpulp_bounds_s16_t bounds = eq_xpulp_bounds_s16(&q);
  eq_xpulp_block_t c;
  eq_xpulp_operands(&c, from, pairs, weights + 2 * range.begin * pairs, bias + range.begin, pixels);
  for (int32_t i = 0; i < pixels; i++) {
    c.of_pixels[i] = eq_xpulp_sum128_s16(x[i], pairs);
  }
  for (int32_t o = range.begin; o < range.end;) {
    const int32_t groups = (range.end - o + EQ_XPULP_LANES - 1) / EQ_XPULP_LANES;
    c.groups = groups < EQ_XPULP_GROUPS ? groups : EQ_XPULP_GROUPS;
    const eq_xpulp_sums_t *sums = (const eq_xpulp_sums_t *)(const void *)c.sums;
    eq_xpulp_sum_s16(&c);
    for (int32_t group = c.groups; group > 0; group--) {
      const eq_xpulp_scale_s16_t k = eq_xpulp_scale_of_s16(&q, o);
      const int32_t lanes = range.end - o < EQ_XPULP_LANES ? range.end - o : EQ_XPULP_LANES;
      int16_t *to = y + o;
      for (int32_t i = 0; i < pixels; i++) {
        eq_xpulp_put_s16(eq_xpulp_separated_s16(sums[i], c.of_pixels[i]), k, bounds, to, lanes, aligned);
        to += pitch;
      }
      sums += EQ_XPULP_PIXELS;
      o += EQ_XPULP_LANES;
    }
  }
}

/* Puts elements `at` .. at + count - 1 of a contiguous patch, zeros where there is no source. */
static EQ_INLINE void eq_xpulp_put_patch_s16(int16_t *x, int32_t at, const int16_t *source, int32_t count) {
  int8_t *const to = (int8_t *)(x + at);
  if (source == NULL) {
    (void)eq_xpulp_fill(to, 0, 2 * count);
  } else {
    (void)eq_xpulp_copy(to, (const int8_t *)source, 2 * count);
  }
}

#endif
