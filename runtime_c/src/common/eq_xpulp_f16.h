/* Pairs of FP16 values on cores with PULP's smallfloat: two in an F register, products summed in float32 (vfdotpex.s.h).
 * Elsewhere in portable C, which gives the same numbers: a product of two FP16 values is exact in float32. */
#ifndef EQ_XPULP_F16_H
#define EQ_XPULP_F16_H

#include "eq_element_f16.h"
#include "eq_float_put.h"
#include "eq_spread_pairs.h"
#include "eq_types.h"
#include "eq_xcv.h"

#if defined(EQ_XCV_BACKEND_INSN) && defined(__riscv_flen)
typedef float eq_xpulp_pair_t; /* bits of two halves */

/* sum + low(x) * low(w), and to that high(x) * high(w); each addition is rounded */
static EQ_INLINE float eq_xpulp_dotpex(float sum, eq_xpulp_pair_t x, eq_xpulp_pair_t w) {
  __asm__(".insn r 0x33, 2, 0x4b, %0, %1, %2" : "+f"(sum) : "f"(x), "f"(w));
  return sum;
}

/* The pair at an address aligned to 4 bytes; left to itself GCC loads it into an integer register, and moves it at every
 * use. */
static EQ_INLINE eq_xpulp_pair_t eq_xpulp_load_pair(const eq_f16_t *x) {
  eq_xpulp_pair_t pair;
  __asm__("flw %0, %1" : "=f"(pair) : "m"(*(const eq_f16_t(*)[2])x));
  return pair;
}

static EQ_INLINE eq_xpulp_pair_t eq_xpulp_pair_of(uint32_t word) { return eq_float_of_bits(word); }
#else
typedef uint32_t eq_xpulp_pair_t;

static EQ_INLINE float eq_xpulp_dotpex(float sum, eq_xpulp_pair_t x, eq_xpulp_pair_t w) {
  const eq_f16_t halves[4] = {(eq_f16_t)x, (eq_f16_t)(x >> 16), (eq_f16_t)w, (eq_f16_t)(w >> 16)};
  sum += eq_f16_load(halves) * eq_f16_load(halves + 2);
  return sum + eq_f16_load(halves + 1) * eq_f16_load(halves + 3);
}

static EQ_INLINE eq_xpulp_pair_t eq_xpulp_load_pair(const eq_f16_t *x) {
  eq_xpulp_pair_t pair;
  __builtin_memcpy(&pair, __builtin_assume_aligned(x, 4), sizeof pair);
  return pair;
}

static EQ_INLINE eq_xpulp_pair_t eq_xpulp_pair_of(uint32_t word) { return word; }
#endif

/* Elements of x that a kernel's pixel takes: pairs, and twice that many a turn of its loop. */
static EQ_INLINE int32_t eq_xpulp_whole_f16(int32_t count) { return (count + 3) & ~3; }

enum { EQ_XPULP_F16_PIXELS = 4, EQ_XPULP_F16_LANES = 4 };

static EQ_INLINE eq_float4_t eq_xpulp_dotpex4(eq_float4_t sum, eq_xpulp_pair_t x, eq_xpulp_pair_t w0, eq_xpulp_pair_t w1,
                                              eq_xpulp_pair_t w2, eq_xpulp_pair_t w3) {
  sum.v0 = eq_xpulp_dotpex(sum.v0, x, w0);
  sum.v1 = eq_xpulp_dotpex(sum.v1, x, w1);
  sum.v2 = eq_xpulp_dotpex(sum.v2, x, w2);
  sum.v3 = eq_xpulp_dotpex(sum.v3, x, w3);
  return sum;
}

/* Channels range.begin (a multiple of 4) to range.end - 1 of `pixels` (up to 4) pixels that lie side by side, pair by
 * pair: x[pair][4 pixels][2]. Weights: [pair][4 channels][2]. `whole`: elements a pixel, a multiple of 4. y is channel 0
 * of the first pixel, `pitch` elements before the next one. */
static EQ_INLINE void eq_xpulp_product_f16(const eq_f16_t *x, int32_t pixels, int32_t whole, const eq_f16_t *weights,
                                           const float *bias, eq_f16_t *y, int32_t pitch, eq_range_t range, float low,
                                           float high) {
  const eq_f16_t *w = weights + range.begin * whole;
  for (int32_t o = range.begin; o < range.end; o += EQ_XPULP_F16_LANES) {
    const eq_float4_t start = {bias[o], bias[o + 1], bias[o + 2], bias[o + 3]};
    const eq_f16_t *const begin = w, *const end = w + EQ_XPULP_F16_LANES * whole;
    const int32_t channels = range.end - o;
    eq_f16_t *const to = y + o;
    if (pixels == EQ_XPULP_F16_PIXELS) {
      eq_float4_t s0 = start, s1 = start, s2 = start, s3 = start;
      for (const eq_f16_t *at = x; w != end; at += 16) {
        for (int32_t i = 0; i < 16; i += 8) {
          const eq_xpulp_pair_t w0 = eq_xpulp_load_pair(w + i), w1 = eq_xpulp_load_pair(w + i + 2);
          const eq_xpulp_pair_t w2 = eq_xpulp_load_pair(w + i + 4), w3 = eq_xpulp_load_pair(w + i + 6);
          s0 = eq_xpulp_dotpex4(s0, eq_xpulp_load_pair(at + i), w0, w1, w2, w3);
          s1 = eq_xpulp_dotpex4(s1, eq_xpulp_load_pair(at + i + 2), w0, w1, w2, w3);
          s2 = eq_xpulp_dotpex4(s2, eq_xpulp_load_pair(at + i + 4), w0, w1, w2, w3);
          s3 = eq_xpulp_dotpex4(s3, eq_xpulp_load_pair(at + i + 6), w0, w1, w2, w3);
          __asm__ volatile("" ::: "memory"); /* or the loads of both pairs would need more registers than there are */
        }
        w += 16;
      }
      eq_float_put4(s0, to, channels, low, high);
      eq_float_put4(s1, to + pitch, channels, low, high);
      eq_float_put4(s2, to + 2 * pitch, channels, low, high);
      eq_float_put4(s3, to + 3 * pitch, channels, low, high);
      continue;
    }
    for (int32_t pixel = 0; pixel < pixels; pixel++) {
      eq_float4_t s = start;
      const eq_f16_t *at = x + 2 * pixel;
      for (w = begin; w != end; w += 8) {
        s = eq_xpulp_dotpex4(s, eq_xpulp_load_pair(at), eq_xpulp_load_pair(w), eq_xpulp_load_pair(w + 2),
                             eq_xpulp_load_pair(w + 4), eq_xpulp_load_pair(w + 6));
        at += 8;
      }
      eq_float_put4(s, to + pixel * pitch, channels, low, high);
    }
  }
}

#endif
