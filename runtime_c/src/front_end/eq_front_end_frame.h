/* One frame of front_end, portable C, from samples to int64 features before they are limited. */
#ifndef EQ_FRONT_END_FRAME_H
#define EQ_FRONT_END_FRAME_H

#include "eq_front_end.h"
#include "eq_memory.h"

enum { EQ_FRONT_END_POWER_SHIFT = 12, EQ_FRONT_END_TRIANGLE_ONE = 1 << 14 };

/* The parts of a core's scratch memory. */
typedef struct {
  int32_t *points; /* [fft]: real and imaginary parts, one after the other */
  uint64_t *bands; /* [bands + 2]: with one before the first and one behind the last */
  int32_t *values; /* [bands] */
} eq_front_end_scratch_t;

static inline eq_front_end_scratch_t eq_front_end_parts(const eq_front_end_t *p, int8_t *scratch) {
  eq_front_end_scratch_t parts;
  int8_t *const behind = scratch + ((size_t)(p->bands + 2) * sizeof(uint64_t));
  parts.bands = (uint64_t *)(void *)scratch;
  parts.points = (int32_t *)(void *)behind;
  parts.values = parts.points + ((size_t)1 << p->log2_fft);
  return parts;
}

/* The high word of a product. */
static inline int32_t eq_front_end_high(int32_t a, int32_t b) { return (int32_t)(((int64_t)a * b) >> 32); }

/* Pairs of samples, as complex numbers, go to where decimation in time wants them: the pair's number, its bits the other
 * way round. */
static inline void eq_front_end_load(const eq_front_end_t *p, const int16_t *input, int32_t at, int32_t *points) {
  const int32_t half_bits = p->log2_fft - 1;
  uint32_t place = 0u; /* of the pair, its bits reversed */
  int32_t before = at > 0 ? input[at - 1] : 0;
  memset(points, 0, ((size_t)1 << p->log2_fft) * sizeof points[0]);
  for (int32_t n = 0; n < p->frame; n += 2) {
    int32_t *const point = points + 2u * place;
    for (int32_t part = 0; part < 2 && n + part < p->frame; part++) {
      const int32_t x = at + n + part < 0 ? 0 : input[at + n + part];
      const int32_t y = x * 32768 - before * p->preemphasis;
      point[part] = (int32_t)(((int64_t)y * p->window[n + part]) >> 16);
      before = x;
    }
    uint32_t bit = 1u << (half_bits - 1); /* counts up from the other end */
    while ((place & bit) != 0u) {
      place ^= bit;
      bit >>= 1;
    }
    place |= bit;
  }
}

static inline void eq_front_end_combine(int32_t *a, int32_t *b, int32_t turned_r, int32_t turned_i) {
  const int32_t ar = a[0] >> 1;
  const int32_t ai = a[1] >> 1;
  a[0] = ar + turned_r;
  a[1] = ai + turned_i;
  b[0] = ar - turned_r;
  b[1] = ai - turned_i;
}

/* Of fft / 2 complex points, every stage halved. */
static inline void eq_front_end_fft(const eq_front_end_t *p, int32_t *points) {
  const int32_t size = 1 << (p->log2_fft - 1);
  for (int32_t span = 1; span < size; span *= 2) {
    for (int32_t first = 0; first < size; first += 2 * span) {
      int32_t *const a = points + 2 * first;
      int32_t *const b = a + 2 * span;
      eq_front_end_combine(a, b, b[0] >> 1, b[1] >> 1);
      if (span > 1) {
        eq_front_end_combine(a + span, b + span, b[span + 1] >> 1, -(b[span] >> 1));
      }
    }
    const int32_t stride = size / span;
    for (int32_t turn = 1; turn < span; turn++) {
      if (turn == span / 2) {
        continue;
      }
      const int32_t sine = p->sines[turn * stride];
      const int32_t cosine = p->sines[turn * stride + size / 2];
      for (int32_t first = turn; first < size; first += 2 * span) {
        int32_t *const a = points + 2 * first;
        int32_t *const b = a + 2 * span;
        eq_front_end_combine(a, b, eq_front_end_high(b[0], cosine) + eq_front_end_high(b[1], sine),
                             eq_front_end_high(b[1], cosine) - eq_front_end_high(b[0], sine));
      }
    }
  }
}

/* The root of the 31 or 32 highest bits. */
static inline uint64_t eq_front_end_root(uint64_t value) {
  int32_t shift = 0;
  while ((value >> shift) >> 32 != 0u) {
    shift += 2;
  }
  uint32_t rest = (uint32_t)(value >> shift);
  uint32_t root = 0u;
  for (uint32_t bit = 1u << 30; bit != 0u; bit >>= 2) {
    if (rest >= root + bit) {
      rest -= root + bit;
      root = (root >> 1) + bit;
    } else {
      root >>= 1;
    }
  }
  return (uint64_t)root << (shift / 2);
}

/* Squares or magnitudes of the bins, from the transform of pairs, into the triangles. */
static inline void eq_front_end_bands(const eq_front_end_t *p, const eq_front_end_scratch_t *parts) {
  const int32_t half = 1 << (p->log2_fft - 1);
  for (int32_t b = 0; b < p->bands + 2; b++) {
    parts->bands[b] = 0u;
  }
  for (int32_t bin = 0; bin < p->bins; bin++) {
    const int32_t k = p->first_bin + bin;
    const int32_t *const first = parts->points + 2 * (k & (half - 1));
    const int32_t *const second = parts->points + 2 * ((half - k) & (half - 1));
    const int32_t sine = p->sines[k];
    const int32_t cosine = p->sines[k + half / 2];
    const int32_t ar = first[0] >> 1;
    const int32_t ai = first[1] >> 1;
    const int32_t br = second[0] >> 1;
    const int32_t bi = -(second[1] >> 1);
    const int32_t odd_r = ar - br;
    const int32_t odd_i = ai - bi;
    const int32_t real = ((ar + br) >> 1) - eq_front_end_high(odd_r, sine) + eq_front_end_high(odd_i, cosine);
    const int32_t imaginary = ((ai + bi) >> 1) - eq_front_end_high(odd_r, cosine) - eq_front_end_high(odd_i, sine);
    const uint64_t square = (uint64_t)((int64_t)real * real) + (uint64_t)((int64_t)imaginary * imaginary);
    const uint64_t value =
        p->spectrum == EQ_FRONT_END_POWER ? square >> EQ_FRONT_END_POWER_SHIFT : eq_front_end_root(square);
    uint64_t *const triangle = parts->bands + p->bin_bands[bin];
    triangle[1] += value * p->rises[bin];
    triangle[0] += value * (uint32_t)(EQ_FRONT_END_TRIANGLE_ONE - p->rises[bin]);
  }
}

/* log2 in Q16 of a number from 1 up. */
static inline int32_t eq_front_end_log2(const eq_front_end_t *p, uint64_t value) {
  int32_t bits = 0; /* below the highest one */
  uint64_t top = value;
  for (int32_t step = 32; step > 0; step /= 2) {
    if (top >> step != 0u) {
      top >>= step;
      bits += step;
    }
  }
  const uint32_t mantissa = (uint32_t)((value << (63 - bits)) >> 32);
  const uint32_t *const entry = p->logarithms + ((mantissa >> 24) & (EQ_FRONT_END_LOG_SEGMENTS - 1));
  const uint32_t rest = (mantissa >> 8) & 0xffffu;
  return bits * 65536 + (int32_t)(entry[0] + (((entry[1] - entry[0]) * rest) >> 16));
}

/* Leaves the logarithms of a frame's bands in the scratch memory. */
static inline void eq_front_end_analyse(const eq_front_end_t *p, const int16_t *input, int32_t frame,
                                        const eq_front_end_scratch_t *parts) {
  eq_front_end_load(p, input, p->offset + frame * p->step, parts->points);
  eq_front_end_fft(p, parts->points);
  eq_front_end_bands(p, parts);
  for (int32_t b = 0; b < p->bands; b++) {
    parts->values[b] = eq_front_end_log2(p, parts->bands[b + 1] + p->floor);
  }
}

/* A feature of an analysed frame, within the limits. */
static inline int32_t eq_front_end_feature(const eq_front_end_t *p, const int32_t *values, int32_t feature, int32_t low,
                                           int32_t high) {
  int64_t value = values[feature];
  if (p->dct != NULL) {
    int64_t sum = 1 << 14;
    for (int32_t b = 0; b < p->bands; b++) {
      sum += (int64_t)values[b] * p->dct[feature * p->bands + b];
    }
    value = sum >> 15;
  }
  const int64_t steps = (value * p->multipliers[feature] + p->biases[feature]) >> p->bits;
  return steps < low ? low : steps > high ? high : (int32_t)steps;
}

#endif
