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

/* The pair at an address aligned to 4 bytes; left to itself GCC keeps it in an integer register, and moves it at every
 * use. */
static EQ_INLINE eq_xpulp_pair_t eq_xpulp_load_pair(const eq_f16_t *x) {
  eq_xpulp_pair_t pair;
  __asm__("flw %0, %1" : "=f"(pair) : "m"(*(const eq_f16_t(*)[2])x));
  return pair;
}

static EQ_INLINE eq_xpulp_pair_t eq_xpulp_pair_of(uint32_t word) {
  eq_xpulp_pair_t pair;
  __asm__("fmv.w.x %0, %1" : "=f"(pair) : "r"(word));
  return pair;
}

/* Lane by lane, each sum rounded once. */
static EQ_INLINE eq_xpulp_pair_t eq_xpulp_add_halves(eq_xpulp_pair_t a, eq_xpulp_pair_t b) {
  eq_xpulp_pair_t sum;
  __asm__(".insn r 0x33, 2, 0x41, %0, %1, %2" : "=f"(sum) : "f"(a), "f"(b)); /* vfadd.h */
  return sum;
}

static EQ_INLINE uint32_t eq_xpulp_bits(eq_xpulp_pair_t pair) { return eq_float_bits(pair); }

/* Two numbers as FP16, the first one in the lower half. */
static EQ_INLINE uint32_t eq_xpulp_halves_of(float first, float second) {
  float pair;
  __asm__(".insn r 0x33, 2, 0x58, %0, %1, %2" : "=f"(pair) : "f"(first), "f"(second)); /* vfcpka.h.s */
  return eq_float_bits(pair);
}
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

/* Rounded to float32 first, which changes nothing: it has more than twice the digits of FP16, and two. */
static EQ_INLINE eq_xpulp_pair_t eq_xpulp_add_halves(eq_xpulp_pair_t a, eq_xpulp_pair_t b) {
  const eq_f16_t halves[4] = {(eq_f16_t)a, (eq_f16_t)(a >> 16), (eq_f16_t)b, (eq_f16_t)(b >> 16)};
  eq_f16_t sum[2];
  eq_f16_store(sum, eq_f16_load(halves) + eq_f16_load(halves + 2));
  eq_f16_store(sum + 1, eq_f16_load(halves + 1) + eq_f16_load(halves + 3));
  return sum[0] | (uint32_t)sum[1] << 16;
}

static EQ_INLINE uint32_t eq_xpulp_bits(eq_xpulp_pair_t pair) { return pair; }

static EQ_INLINE uint32_t eq_xpulp_halves_of(float first, float second) {
  eq_f16_t low, high;
  eq_f16_store(&low, first);
  eq_f16_store(&high, second);
  return low | (uint32_t)high << 16;
}
#endif

static EQ_INLINE uint32_t eq_xpulp_word_at(const eq_f16_t *x) {
  uint32_t word;
  __builtin_memcpy(&word, __builtin_assume_aligned(x, 4), sizeof word);
  return word;
}

static EQ_INLINE void eq_xpulp_store_word(eq_f16_t *y, uint32_t word) {
  __builtin_memcpy(__builtin_assume_aligned(y, 4), &word, sizeof word);
}

/* An activation's bounds, for results as words: of the usual ones the lower is a signed maximum of the bits, which
 * leaves what is no number as it is. */
typedef struct {
  uint32_t floor;
  int32_t others; /* neither none nor [0, infinity) */
  float low, high;
} eq_xpulp_limits_t;

static EQ_INLINE eq_xpulp_limits_t eq_xpulp_limits_of(float low, float high) {
  const int32_t open = high == EQ_FLOAT_INFINITY, positive = open && low == 0.0f;
  return (eq_xpulp_limits_t){positive ? 0u : 0x80008000u, !positive && !(open && low == -EQ_FLOAT_INFINITY), low, high};
}

/* Two neighbours, limited and stored at an address aligned to 4 bytes. */
static EQ_INLINE void eq_xpulp_put2(float first, float second, eq_f16_t *y, const eq_xpulp_limits_t *limits) {
  if (__builtin_expect(limits->others != 0, 0)) {
    first = eq_clampf(first, limits->low, limits->high);
    second = eq_clampf(second, limits->low, limits->high);
  }
  eq_xpulp_store_word(y, eq_xcv_max_h(eq_xpulp_halves_of(first, second), limits->floor));
}

/* Left to itself GCC computes all steps of an unrolled loop beforehand, and spills them. */
#define EQ_XPULP_STEP(pointer, step) \
  do {                               \
    pointer += step;                 \
    __asm__("" : "+r"(pointer));     \
  } while (0)

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

/* The first `channels` (or 4, if that is more) of four neighbours; `aligned`: y is, to 4 bytes. */
static EQ_INLINE void eq_xpulp_put4(eq_float4_t sum, eq_f16_t *y, int32_t channels, int32_t aligned,
                                    const eq_xpulp_limits_t *limits) {
  if (aligned && channels >= EQ_XPULP_F16_LANES) {
    eq_xpulp_put2(sum.v0, sum.v1, y, limits);
    eq_xpulp_put2(sum.v2, sum.v3, y + 2, limits);
    return;
  }
  eq_float_put4(sum, y, channels, limits->low, limits->high);
}

/* Channels range.begin (a multiple of 4) to range.end - 1 of `pixels` (up to 4) pixels that lie side by side, pair by
 * pair: x[pair][4 pixels][2]. Weights: [pair][4 channels][2]. `whole`: elements a pixel, a multiple of 4. y is channel 0
 * of the first pixel, `pitch` elements before the next one. */
static EQ_INLINE void eq_xpulp_product_f16(const eq_f16_t *x, int32_t pixels, int32_t whole, const eq_f16_t *weights,
                                           const float *bias, eq_f16_t *y, int32_t pitch, eq_range_t range, float low,
                                           float high) {
  const eq_f16_t *w = weights + range.begin * whole;
  const eq_xpulp_limits_t limits = eq_xpulp_limits_of(low, high);
  const int32_t aligned = (pitch & 1) == 0 && ((uintptr_t)y & 3u) == 0u;
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
      eq_xpulp_put4(s0, to, channels, aligned, &limits);
      eq_xpulp_put4(s1, to + pitch, channels, aligned, &limits);
      eq_xpulp_put4(s2, to + 2 * pitch, channels, aligned, &limits);
      eq_xpulp_put4(s3, to + 3 * pitch, channels, aligned, &limits);
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
      eq_xpulp_put4(s, to + pixel * pitch, channels, aligned, &limits);
    }
  }
}

#endif
