/* One frame of front_end, portable C, from samples to features before they are limited. */
#ifndef EQ_FRONT_END_FRAME_H
#define EQ_FRONT_END_FRAME_H

#include "eq_front_end_fft.h"

#ifndef EQ_FRONT_END_GROUP /* an instruction set with other parts of its own has them already */
#define EQ_FRONT_END_FOUR eq_front_end_four
#define EQ_FRONT_END_THREE eq_front_end_three
#define EQ_FRONT_END_GROUP eq_front_end_group
#define EQ_FRONT_END_POWERS eq_front_end_powers
#endif

/* The first stage of a frame from input[begin] on, out of the samples; returns the frame's energy. */
EQ_FRONT_END_PART uint32_t eq_front_end_first(const eq_front_end_t *p, const int16_t *input, int32_t begin,
                                              eq_complex_t *points) {
  const int32_t radix = (p->log2_fft & 1) != 0 ? 4 : 2;
  const int32_t groups = (1 << (p->log2_fft - 1)) / radix;
  eq_front_end_at_t at = {0, 0, (uint32_t)p->frame};
  /* the first sample of a recording has none before it */
  eq_front_end_any(p, input, begin, &at, begin > 0 ? 0 : begin == 0 ? 1 : groups, points);
  const int32_t whole = p->frame / 2 - (radix - 1) * groups; /* groups all of whose points are in the frame */
  if (radix == 2) {
    eq_front_end_two(p, input + begin, &at, whole, points);
  } else {
    EQ_FRONT_END_FOUR(p, input + begin, &at, whole, points);
    if (p->frame % 2 == 0 && whole >= 0) {
      EQ_FRONT_END_THREE(p, input + begin, &at, groups, points);
    }
  }
  eq_front_end_any(p, input, begin, &at, groups, points);
  return at.energy;
}

/* The stages behind the first, every one halved. */
static EQ_INLINE void eq_front_end_stages(const eq_front_end_t *p, eq_complex_t *points) {
  const int32_t size = 1 << (p->log2_fft - 1);
  const int32_t *turns = p->turns;
  const int32_t *next = turns;
  for (int32_t span = (p->log2_fft & 1) != 0 ? 4 : 2; span < size; span *= 4, turns = next) {
    for (int32_t first = 0; first < size; first += 4 * span) {
      next = EQ_FRONT_END_GROUP(points + first, span, turns);
    }
  }
}

/* Zeros above the highest one of a number from 1 up. `guess`: what it may be, 0 to 31. */
static EQ_INLINE int32_t eq_front_end_zeros(uint32_t value, int32_t guess) {
#if defined(__riscv) && !defined(__riscv_zbb)
  /* __builtin_clz would call a function; neighbours have nearly as many */
  while ((value << guess) >> guess != value) {
    guess--;
  }
  while ((int32_t)(value << guess) > 0) {
    guess++;
  }
  return guess;
#else
  (void)guess;
  return __builtin_clz(value);
#endif
}

/* Half the root of the square of a bin, without the bits that it loses. */
EQ_FRONT_END_PART int32_t eq_front_end_root(const eq_front_end_t *p, int32_t real, int32_t imaginary) {
  const uint64_t square = (uint64_t)((int64_t)real * real) + (uint64_t)((int64_t)imaginary * imaginary);
  if (square == 0u) {
    return 0;
  }
  const uint32_t high = (uint32_t)(square >> 32);
  const int32_t zeros =
      high != 0u ? eq_front_end_zeros(high, 12) : 32 + eq_front_end_zeros((uint32_t)square, 12);
  const int32_t up = zeros / 2;
  const uint32_t top = (uint32_t)((square << (2 * up)) >> 32); /* from 2^30 on */
  const uint32_t *const entry = p->roots + ((top >> 25) - EQ_FRONT_END_ROOT_SEGMENTS);
  const uint32_t rest = (uint32_t)(((uint64_t)(entry[1] - entry[0]) * (top << 7)) >> 32);
  return up + p->root_shift < 32 ? (int32_t)((entry[0] + rest) >> (up + p->root_shift)) : 0;
}

static EQ_INLINE eq_complex_t eq_front_end_shifted(const eq_complex_t *from, int32_t shift) {
  const eq_complex_t x = eq_complex_load(from);
  const eq_complex_t shifted = {(int32_t)((uint32_t)x.r << shift), (int32_t)((uint32_t)x.i << shift)};
  return shifted;
}

/* Squares or magnitudes of the bins, from the transform of pairs, in place of real parts. */
static EQ_INLINE void eq_front_end_bins(const eq_front_end_t *p, eq_complex_t *points, int32_t shift, int32_t power) {
  const int32_t *turn = p->halves;
  eq_complex_t *first = points + 1;
  eq_complex_t *second = points + (1 << (p->log2_fft - 1)) - 1;
  for (; first <= second; first++, second--, turn += 2) {
    const eq_complex_t a = eq_front_end_shifted(first, shift);
    const eq_complex_t b = eq_front_end_shifted(second, shift);
    const eq_complex_t by = eq_complex_load(turn);
    const int32_t odd_r = a.r - b.r;
    const int32_t odd_i = a.i + b.i;
    const int32_t turned_r = 2 * (eq_high(odd_i, by.r) - eq_high(odd_r, by.i));
    const int32_t turned_i = 2 * eq_high_add(odd_i, by.i, eq_high(odd_r, by.r));
    const eq_complex_t one = {a.r + b.r + turned_r, a.i - b.i - turned_i};
    const eq_complex_t other = {a.r + b.r - turned_r, a.i - b.i + turned_i};
    second->r = power != 0 ? eq_high_add(other.i, other.i, eq_high(other.r, other.r))
                           : eq_front_end_root(p, other.r, other.i);
    first->r = power != 0 ? eq_high_add(one.i, one.i, eq_high(one.r, one.r)) : eq_front_end_root(p, one.r, one.i);
  }
}

EQ_FRONT_END_PART void eq_front_end_powers(const eq_front_end_t *p, eq_complex_t *points, int32_t shift) {
  eq_front_end_bins(p, points, shift, 1);
}

EQ_FRONT_END_PART void eq_front_end_magnitudes(const eq_front_end_t *p, eq_complex_t *points, int32_t shift) {
  eq_front_end_bins(p, points, shift, 0);
}

/* The logarithms to base 2, in Q22, of a frame's bands, less that of the shift. */
EQ_FRONT_END_PART void eq_front_end_bands(const eq_front_end_t *p, const eq_complex_t *points, int32_t shift,
                                          int32_t *values) {
  const int32_t times = p->spectrum == EQ_FRONT_END_POWER ? 2 : 1;
  const uint32_t floor = p->floor >> ((p->most_shift - shift) * times);
  const uint32_t least = floor > 0u ? floor : 1u;
  const uint32_t lost = times == 2 ? 0xffffu : 0u; /* a power loses one to high words, on average */
  const int32_t most = (31 - shift * times) * (1 << 22);
  const uint32_t *const logarithms = p->logarithms;
  const eq_complex_t *bin = points + p->first_bin;
  const uint16_t *rise = p->rises;
  const uint16_t *segment = p->segments;
  const int32_t *const end = values + p->bands;
  int32_t zeros = 8;
  int32_t before = 0;
  for (const uint16_t *const last = rise + *segment; rise < last; rise++, bin++) {
    before = eq_high_add(bin->r, *rise * 65536, before);
  }
  while (values < end) {
    int32_t whole = 0;
    int32_t rising = 0;
    const uint32_t more = least + (*segment & lost);
    segment++;
    for (const uint16_t *const last = rise + *segment; rise < last; rise++, bin++) {
      whole += bin->r;
      rising = eq_high_add(bin->r, *rise * 65536, rising);
    }
    const uint32_t sum = (uint32_t)(2 * (before - rising) + whole) + more;
    before = rising;
    zeros = eq_front_end_zeros(sum, zeros);
    const uint32_t top = sum << zeros;
    const uint32_t *const entry = logarithms + ((top >> 24) & (EQ_FRONT_END_LOG_SEGMENTS - 1));
    const uint32_t rest = (uint32_t)(((uint64_t)(entry[1] - entry[0]) * (top << 8)) >> 32);
    *values++ = most - zeros * (1 << 22) + (int32_t)(entry[0] + rest);
  }
}

/* The DCT of the bands, behind them. */
EQ_FRONT_END_PART void eq_front_end_dct(const eq_front_end_t *p, int32_t *values) {
  const int16_t *row = p->dct;
  for (int32_t feature = 0; feature < p->features; feature++) {
    int32_t sum = 0;
    for (const int32_t *value = values; value < values + p->bands; value++, row++) {
      sum = eq_high_add(*value, *row * 65536, sum);
    }
    values[p->bands + feature] = sum;
  }
}

/* A frame's features before they are limited. Uses `points`, [fft / 2]. */
static EQ_INLINE int32_t *eq_front_end_analyse(const eq_front_end_t *p, const int16_t *input, int32_t frame,
                                               int8_t *scratch) {
  eq_complex_t *const points = (eq_complex_t *)(void *)scratch;
  int32_t *const values = (int32_t *)(void *)(points + ((size_t)1 << (p->log2_fft - 1)));
  const uint32_t energy = eq_front_end_first(p, input, p->offset + frame * p->step, points);
  eq_front_end_stages(p, points);
  int32_t shift = (p->energy_bits - 32 + eq_front_end_zeros(energy, 8)) >> 1;
  shift = shift < 0 ? 0 : shift > p->most_shift ? p->most_shift : shift;
  if (p->spectrum == EQ_FRONT_END_POWER) {
    EQ_FRONT_END_POWERS(p, points, shift);
  } else {
    eq_front_end_magnitudes(p, points, shift);
  }
  eq_front_end_bands(p, points, shift, values);
  if (p->dct == NULL) {
    return values;
  }
  eq_front_end_dct(p, values);
  return values + p->bands;
}

/* Steps of the output's type that a feature is, within limits. */
static EQ_INLINE int32_t eq_front_end_step(const eq_front_end_t *p, const int32_t *values, int32_t feature,
                                           int32_t low, int32_t high) {
  const int32_t steps = eq_high_add(values[feature], p->multipliers[feature], p->biases[feature]) >> p->bits;
  return steps < low ? low : steps > high ? high : steps;
}

#endif
