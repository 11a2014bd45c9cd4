/* Samples of one frame to the transform of its pairs, as complex numbers, decimated in time. An including file has
 * eq_high_*.h. Functions are not inlined into each other, so that each has all registers. */
#ifndef EQ_FRONT_END_FFT_H
#define EQ_FRONT_END_FFT_H

#include "eq_front_end.h"

#define EQ_FRONT_END_PART static __attribute__((noinline, unused))

/* Pre-emphasis and window of a sample; adds to the frame's energy. */
static EQ_INLINE int32_t eq_front_end_sample(int32_t x, int32_t before, int32_t preemphasis, int32_t window,
                                             uint32_t *energy) {
  const int32_t y = x * 16384 - before * preemphasis;
  const int32_t windowed = eq_high(y, window);
  *energy = (uint32_t)eq_high_add(y, windowed, (int32_t)*energy);
  return windowed;
}

/* A pair of samples, which have one before. */
static EQ_INLINE eq_complex_t eq_front_end_pair(const int16_t *x, const int32_t *window, int32_t preemphasis,
                                                uint32_t *energy) {
  const eq_complex_t by = eq_complex_load(window);
  eq_complex_t made;
  made.r = eq_front_end_sample(x[0], x[-1], preemphasis, by.r, energy);
  made.i = eq_front_end_sample(x[1], x[0], preemphasis, by.i, energy);
  return made;
}

/* Pair n of a frame from input[at] on: samples before the first and those behind the frame are 0. */
EQ_FRONT_END_PART eq_complex_t eq_front_end_any_pair(const eq_front_end_t *p, const int16_t *input, int32_t at,
                                                     int32_t n, uint32_t *energy) {
  int32_t made[2] = {0, 0};
  for (int32_t i = 2 * n; i < 2 * n + 2 && i < p->frame; i++) {
    const int32_t x = at + i >= 0 ? input[at + i] : 0;
    const int32_t before = at + i > 0 ? input[at + i - 1] : 0;
    made[i & 1] = eq_front_end_sample(x, before, p->preemphasis, p->window[i], energy);
  }
  const eq_complex_t pair = {made[0], made[1]};
  return pair;
}

/* The transform of four points. */
static EQ_INLINE void eq_front_end_cross(eq_complex_t *to, int32_t span, eq_complex_t a, eq_complex_t b,
                                         eq_complex_t c, eq_complex_t d) {
  const eq_complex_t even = {a.r + c.r, a.i + c.i};
  const eq_complex_t odd = {a.r - c.r, a.i - c.i};
  const eq_complex_t half = {b.r + d.r, b.i + d.i};
  const eq_complex_t turned = {b.i - d.i, d.r - b.r};
  eq_complex_store(to, even.r + half.r, even.i + half.i);
  eq_complex_store(to + span, odd.r + turned.r, odd.i + turned.i);
  eq_complex_store(to + 2 * span, even.r - half.r, even.i - half.i);
  eq_complex_store(to + 3 * span, odd.r - turned.r, odd.i - turned.i);
}

/* Groups of points that the first stage transforms together. */
typedef struct {
  int32_t number; /* the next */
  int32_t place;  /* its number, digits to base 4 the other way round, times the radix */
  uint32_t energy;
} eq_front_end_at_t;

/* Counts up from the highest digit, whose one is a quarter of the points. */
static EQ_INLINE int32_t eq_front_end_next(int32_t place, int32_t quarter) {
  for (place += quarter; (place & 4 * quarter) != 0; place += quarter) {
    place -= 4 * quarter;
    quarter /= 4;
  }
  return place;
}

/* Groups up to `end` of `radix` points, of which the first `count` are in the frame that begins at x, the others behind
 * it. */
static EQ_INLINE void eq_front_end_groups(const eq_front_end_t *p, const int16_t *x, eq_front_end_at_t *at, int32_t end,
                                          eq_complex_t *points, int32_t radix, int32_t count) {
  const eq_complex_t none = {0, 0};
  const int32_t quarter = (1 << p->log2_fft) / 8;
  const int32_t apart = 8 * quarter / radix; /* samples between points of a group */
  const int32_t preemphasis = p->preemphasis;
  const int32_t *w = p->window + 2 * at->number;
  const int16_t *const last = x + 2 * end;
  uint32_t energy = at->energy;
  int32_t place = at->place;
  for (x += 2 * at->number; x < last; x += 2, w += 2) {
    eq_complex_t *const to = points + place;
    const eq_complex_t a = eq_front_end_pair(x, w, preemphasis, &energy);
    const eq_complex_t b = eq_front_end_pair(x + apart, w + apart, preemphasis, &energy);
    if (radix == 2) {
      eq_complex_store(to, a.r + b.r, a.i + b.i);
      eq_complex_store(to + 1, a.r - b.r, a.i - b.i);
    } else {
      const eq_complex_t c = eq_front_end_pair(x + 2 * apart, w + 2 * apart, preemphasis, &energy);
      const eq_complex_t d = count > 3 ? eq_front_end_pair(x + 3 * apart, w + 3 * apart, preemphasis, &energy) : none;
      eq_front_end_cross(to, 1, a, b, c, d);
    }
    place = eq_front_end_next(place, quarter);
  }
  at->number = end > at->number ? end : at->number;
  at->energy = energy;
  at->place = place;
}

EQ_FRONT_END_PART void eq_front_end_four(const eq_front_end_t *p, const int16_t *x, eq_front_end_at_t *at, int32_t end,
                                         eq_complex_t *points) {
  eq_front_end_groups(p, x, at, end, points, 4, 4);
}

EQ_FRONT_END_PART void eq_front_end_three(const eq_front_end_t *p, const int16_t *x, eq_front_end_at_t *at, int32_t end,
                                          eq_complex_t *points) {
  eq_front_end_groups(p, x, at, end, points, 4, 3);
}

EQ_FRONT_END_PART void eq_front_end_two(const eq_front_end_t *p, const int16_t *x, eq_front_end_at_t *at, int32_t end,
                                        eq_complex_t *points) {
  eq_front_end_groups(p, x, at, end, points, 2, 2);
}

/* Groups up to `end` of a frame from input[begin] on, wherever their points are. */
EQ_FRONT_END_PART void eq_front_end_any(const eq_front_end_t *p, const int16_t *input, int32_t begin,
                                        eq_front_end_at_t *at, int32_t end, eq_complex_t *points) {
  const int32_t quarter = (1 << p->log2_fft) / 8;
  const int32_t radix = (p->log2_fft & 1) != 0 ? 4 : 2;
  for (; at->number < end; at->number++) {
    eq_complex_t pair[4];
    for (int32_t i = 0; i < radix; i++) {
      pair[i] = eq_front_end_any_pair(p, input, begin, at->number + i * (4 * quarter / radix), &at->energy);
    }
    eq_complex_t *const to = points + at->place;
    if (radix == 4) {
      eq_front_end_cross(to, 1, pair[0], pair[1], pair[2], pair[3]);
    } else {
      /* cppcheck-suppress uninitvar ; radix is 2 or 4 */
      eq_complex_store(to, pair[0].r + pair[1].r, pair[0].i + pair[1].i);
      eq_complex_store(to + 1, pair[0].r - pair[1].r, pair[0].i - pair[1].i);
    }
    at->place = eq_front_end_next(at->place, quarter);
  }
}

static EQ_INLINE eq_complex_t eq_front_end_turn(const eq_complex_t *from, const int32_t *turn) {
  const eq_complex_t x = eq_complex_load(from);
  const eq_complex_t by = eq_complex_load(turn);
  const eq_complex_t turned = {eq_high_add(x.i, by.i, eq_high(x.r, by.r)), eq_high(x.i, by.r) - eq_high(x.r, by.i)};
  return turned;
}

static EQ_INLINE eq_complex_t eq_front_end_half(const eq_complex_t *from) {
  const eq_complex_t x = eq_complex_load(from);
  const eq_complex_t halved = {x.r >> 1, x.i >> 1};
  return halved;
}

/* A group of a stage: `span` times four points, whose first are not turned. */
EQ_FRONT_END_PART const int32_t *eq_front_end_group(eq_complex_t *x, int32_t span, const int32_t *turns) {
  const eq_complex_t *const end = x + span;
  eq_front_end_cross(x, span, eq_front_end_half(x), eq_front_end_half(x + span), eq_front_end_half(x + 2 * span),
                     eq_front_end_half(x + 3 * span));
  for (x++; x < end; x++, turns += 6) {
    const eq_complex_t b = eq_front_end_turn(x + span, turns);
    const eq_complex_t c = eq_front_end_turn(x + 2 * span, turns + 2);
    const eq_complex_t d = eq_front_end_turn(x + 3 * span, turns + 4);
    eq_front_end_cross(x, span, eq_front_end_half(x), b, c, d);
  }
  return turns;
}

#endif
