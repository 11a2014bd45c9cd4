/* normalize, int8: what its kernels share. The header states the formula; a kernel defines, before it includes this,
 *
 *   eq_normalize_sums    adds up n <= EQ_NORMALIZE_CHUNK values, and their squares
 *   eq_normalize_values  n outputs of a set that is not unusually wide, see eq_normalize_set_t */
#ifndef EQ_NORMALIZE_RUN_H
#define EQ_NORMALIZE_RUN_H

#include "eq_inline.h"
#include "eq_normalize.h"

enum { EQ_NORMALIZE_CHUNK = 65536 };

/* A set with a >= 11. Then t = floor((e * r + 2^31) / 2^32) with e = 2^(a - 11) * d = scale * x - sum modulo 2^32,
 * which is below 2^31: d^2 <= n * W, so |e| <= sqrt(n) * 2^20. With shift >= 14 only the high word of the last product
 * matters, and no value leaves int32. */
typedef struct {
  uint32_t scale, sum;
  int32_t r;
  int32_t down; /* shift - 14 */
  int32_t act_min, act_max;
} eq_normalize_set_t;

static EQ_INLINE void eq_normalize_sums(const int8_t *x, int32_t n, int32_t *sum, int32_t *squares);

static EQ_INLINE void eq_normalize_values(const eq_normalize_set_t *set, const int32_t *gain, const int32_t *bias,
                                          const int8_t *x, int32_t n, int8_t *y);

/* floor(sqrt(w)) for 2^60 <= w < 2^62: the root of the upper half bit by bit, the lower half by one division of what is
 * left (Zimmermann, Karatsuba Square Root, INRIA RR-3805). With u = 4 * w the first root has bit 15, so that the second
 * half is at most one too large. */
static uint32_t eq_normalize_root(uint64_t w) {
  const uint64_t u = w << 2;
  const uint32_t high = (uint32_t)(u >> 32), middle = (uint32_t)u >> 16;
  uint32_t rest = high, root = 0;
  for (uint32_t bit = (uint32_t)1 << 30; bit != 0u; bit >>= 2) {
    const uint32_t next = root + bit;
    root >>= 1;
    if (rest >= next) {
      rest -= next;
      root += bit;
    }
  }
  uint32_t low = ((rest << 15) + (middle >> 1)) / root; /* (rest * 2^16 + middle) / (2 * root) */
  low = low > 0xffffu ? 0xffffu : low;
  uint32_t both = (root << 16) + low;
  if ((uint64_t)both * both > u) {
    both--;
  }
  return both >> 1;
}

/* One digit of 16 bits of (rest * 2^16) / divisor, the divisor having bit 31 and rest being below it; *rest becomes the
 * remainder (Knuth, The Art of Computer Programming, 4.3.1, algorithm D). */
static EQ_INLINE uint32_t eq_normalize_digit(uint32_t *rest, uint32_t divisor) {
  const uint32_t high = divisor >> 16, low = divisor & 0xffffu;
  uint32_t digit = *rest / high, left = *rest - digit * high;
  while (digit > 0xffffu || digit * low > left << 16) {
    digit--;
    left += high;
    if (left > 0xffffu) {
      break;
    }
  }
  *rest = (*rest << 16) - digit * divisor;
  return digit;
}

/* min(floor(2^61 / root), 2^31 - 1) for 2^30 <= root < 2^31, without a 64-bit division. */
static int32_t eq_normalize_reciprocal(uint32_t root) {
  uint32_t rest = (uint32_t)1 << 30;
  const uint32_t high = eq_normalize_digit(&rest, root << 1);
  const uint32_t quotient = (high << 16) + eq_normalize_digit(&rest, root << 1);
  return quotient > (uint32_t)INT32_MAX ? INT32_MAX : (int32_t)quotient;
}

/* W of the set at x; *sum becomes what is taken off n * x. */
static EQ_INLINE uint64_t eq_normalize_spread(const eq_normalize_s8_t *p, const int8_t *x, int32_t *sum) {
  const int32_t n = p->runs * p->inner, offset = p->centred ? 0 : p->offset;
  int32_t total = 0;
  int64_t squares = 0;
  for (int32_t i = 0; i < p->runs; i++) {
    for (int32_t j = 0; j < p->inner; j += EQ_NORMALIZE_CHUNK) {
      const int32_t left = p->inner - j, count = left < EQ_NORMALIZE_CHUNK ? left : EQ_NORMALIZE_CHUNK;
      int32_t part = 0;
      eq_normalize_sums(x + i * p->run_stride + j, count, &total, &part);
      squares += part;
    }
  }
  squares += (int64_t)(2 * offset) * total + (int64_t)n * (offset * offset);
  uint64_t w = (uint64_t)(uint32_t)n * (uint64_t)squares;
  *sum = p->centred ? total : -n * offset;
  if (p->centred) {
    w -= (uint64_t)((int64_t)total * total);
  }
  w += ((uint64_t)(uint32_t)p->epsilon_high << 31) + (uint32_t)p->epsilon_low;
  return w == 0u ? 1u : w;
}

/* Shifts *w to 2^60 <= *w < 2^62; returns a. */
static EQ_INLINE int32_t eq_normalize_exponent(uint64_t *w) {
  int32_t a = 0;
  for (int32_t step = 16; step > 0; step >>= 1) {
    if (*w < (uint64_t)1 << (62 - 2 * step)) {
      *w <<= 2 * step;
      a += step;
    }
  }
  return a;
}

/* One output of any set. */
static EQ_INLINE int8_t eq_normalize_any(const eq_normalize_s8_t *p, int32_t d, int32_t r, int32_t down, int32_t gain,
                                         int32_t bias) {
  const int64_t t = ((int64_t)d * r + ((int64_t)1 << (down - 1))) >> down;
  const int64_t value = (t * gain + (int64_t)bias * (1 << EQ_NORMALIZE_FRACTION)) >> (EQ_NORMALIZE_FRACTION + p->shift);
  return (int8_t)(value < p->act_min ? p->act_min : (value > p->act_max ? p->act_max : value));
}

static EQ_INLINE void eq_normalize_run(const eq_normalize_s8_t *p, const int8_t *input, int8_t *output,
                                       eq_range_t range) {
  const int32_t n = p->runs * p->inner;
  for (int32_t s = range.begin; s < range.end; s++) {
    const int8_t *x = input + s * p->set_stride;
    int8_t *y = output + s * p->set_stride;
    const int32_t *const gain = p->gain + s * p->gain_stride, *const bias = p->bias + s * p->gain_stride;
    int32_t sum;
    uint64_t w = eq_normalize_spread(p, x, &sum);
    const int32_t a = eq_normalize_exponent(&w);
    const int32_t r = eq_normalize_reciprocal(eq_normalize_root(w));
    const int32_t usual = a >= 11 && p->shift >= 14;
    const eq_normalize_set_t set = {usual ? (uint32_t)n << (a - 11) : 0, usual ? (uint32_t)sum << (a - 11) : 0,
                                    r, p->shift - 14, p->act_min, p->act_max};
    for (int32_t i = 0; i < p->runs; i++) {
      if (usual) {
        eq_normalize_values(&set, gain, bias, x, p->inner, y);
      } else {
        for (int32_t j = 0; j < p->inner; j++) {
          y[j] = eq_normalize_any(p, n * x[j] - sum, r, 43 - a, gain[j], bias[j]);
        }
      }
      x += p->run_stride;
      y += p->run_stride;
    }
  }
}

/* The high word of t * gain + bias * 2^18, shifted and clamped. */
static EQ_INLINE int32_t eq_normalize_scaled(const eq_normalize_set_t *set, int32_t t, int32_t gain, int32_t bias) {
  const int64_t scaled = (int64_t)t * gain + (int64_t)bias * (1 << EQ_NORMALIZE_FRACTION);
  return eq_clamp((int32_t)(scaled >> 32) >> set->down, set->act_min, set->act_max);
}

#endif
