/* Parts of a frame's transform for Helium: four points of a stage, or four pairs of bins, at a time. */
#ifndef EQ_FRONT_END_MVE_H
#define EQ_FRONT_END_MVE_H

#include <arm_mve.h>

#include "eq_front_end_fft.h"

#define EQ_FRONT_END_FOUR eq_front_end_four_mve
#define EQ_FRONT_END_THREE eq_front_end_three_mve
#define EQ_FRONT_END_GROUP eq_front_end_group_mve
#define EQ_FRONT_END_POWERS eq_front_end_powers_mve

typedef struct {
  int32x4_t r, i;
} eq_complex4_t;

/* Complex numbers at byte offsets from `from`. */
static EQ_INLINE eq_complex4_t eq_complex4_at(const void *from, uint32x4_t offsets) {
  const int32_t *const words = from;
  const eq_complex4_t x = {vldrwq_gather_offset_s32(words, offsets), vldrwq_gather_offset_s32(words + 1, offsets)};
  return x;
}

static EQ_INLINE eq_complex4_t eq_complex4_load(const eq_complex_t *from) {
  const int32x4x2_t x = vld2q_s32(&from->r);
  const eq_complex4_t parts = {x.val[0], x.val[1]};
  return parts;
}

static EQ_INLINE void eq_complex4_store(eq_complex_t *to, int32x4_t r, int32x4_t i) {
  const int32x4x2_t x = {{r, i}};
  vst2q_s32(&to->r, x);
}

/* Pre-emphasis and window of every second sample from x on. */
static EQ_INLINE int32x4_t eq_front_end_samples4(int32x4_t x, int32x4_t before, int32_t preemphasis, int32x4_t window,
                                                 int32_t *energy) {
  const int32x4_t y = vmlaq_n_s32(vshlq_n_s32(x, 14), before, -preemphasis);
  const int32x4_t windowed = vmulhq_s32(y, window);
  *energy = vaddvaq_s32(*energy, vmulhq_s32(y, windowed));
  return windowed;
}

/* Four pairs of samples, one behind another. */
static EQ_INLINE eq_complex4_t eq_front_end_pairs4(const int16_t *x, const int32_t *window, int32_t preemphasis,
                                                   uint32x4_t offsets, int32_t *energy) {
  const int32x4_t middle = vldrhq_gather_offset_s32(x, offsets);
  /* vld2 would do, but GCC 12 gives it an addressing mode that it does not have */
  const eq_complex4_t by = eq_complex4_at(window, vshlq_n_u32(offsets, 1));
  const int32x4_t before = vldrhq_gather_offset_s32(x - 1, offsets);
  const int32x4_t last = vldrhq_gather_offset_s32(x + 1, offsets);
  const eq_complex4_t made = {eq_front_end_samples4(middle, before, preemphasis, by.r, energy),
                              eq_front_end_samples4(last, middle, preemphasis, by.i, energy)};
  return made;
}

/* eq_front_end_groups of radix 4, four groups at a time from a multiple of four on. */
static EQ_INLINE void eq_front_end_groups_mve(const eq_front_end_t *p, const int16_t *x, eq_front_end_at_t *at,
                                              int32_t end, eq_complex_t *points, int32_t count) {
  const int32_t aligned = (at->number + 3) / 4 * 4;
  eq_front_end_groups(p, x, at, aligned < end ? aligned : end, points, 4, count);
  const int32_t quarter = (1 << p->log2_fft) / 8;
  const uint32x4_t lanes = vidupq_n_u32(0u, 1);
  const uint32x4_t offsets = vshlq_n_u32(lanes, 2);
  const uint32x4_t places = vmulq_n_u32(lanes, (uint32_t)quarter * (uint32_t)sizeof points[0]);
  int32_t energy = (int32_t)at->energy;
  for (; at->number + 4 <= end; at->number += 4) {
    const int16_t *const from = x + 2 * at->number;
    const int32_t *const window = p->window + 2 * at->number;
    const eq_complex4_t a = eq_front_end_pairs4(from, window, p->preemphasis, offsets, &energy);
    const eq_complex4_t c =
        eq_front_end_pairs4(from + 4 * quarter, window + 4 * quarter, p->preemphasis, offsets, &energy);
    const eq_complex4_t even = {vaddq_s32(a.r, c.r), vaddq_s32(a.i, c.i)};
    const eq_complex4_t odd = {vsubq_s32(a.r, c.r), vsubq_s32(a.i, c.i)};
    eq_complex4_t half =
        eq_front_end_pairs4(from + 2 * quarter, window + 2 * quarter, p->preemphasis, offsets, &energy);
    eq_complex4_t turned = {half.i, vnegq_s32(half.r)};
    if (count > 3) {
      const eq_complex4_t d =
          eq_front_end_pairs4(from + 6 * quarter, window + 6 * quarter, p->preemphasis, offsets, &energy);
      turned.r = vsubq_s32(half.i, d.i);
      turned.i = vsubq_s32(d.r, half.r);
      half.r = vaddq_s32(half.r, d.r);
      half.i = vaddq_s32(half.i, d.i);
    }
    eq_complex_t *const to = points + at->place;
    vstrwq_scatter_offset_s32(&to[0].r, places, vaddq_s32(even.r, half.r));
    vstrwq_scatter_offset_s32(&to[0].i, places, vaddq_s32(even.i, half.i));
    vstrwq_scatter_offset_s32(&to[2].r, places, vsubq_s32(even.r, half.r));
    vstrwq_scatter_offset_s32(&to[2].i, places, vsubq_s32(even.i, half.i));
    vstrwq_scatter_offset_s32(&to[1].r, places, vaddq_s32(odd.r, turned.r));
    vstrwq_scatter_offset_s32(&to[1].i, places, vaddq_s32(odd.i, turned.i));
    vstrwq_scatter_offset_s32(&to[3].r, places, vsubq_s32(odd.r, turned.r));
    vstrwq_scatter_offset_s32(&to[3].i, places, vsubq_s32(odd.i, turned.i));
    at->place = eq_front_end_next(at->place + 3 * quarter, quarter);
  }
  at->energy = (uint32_t)energy;
  eq_front_end_groups(p, x, at, end, points, 4, count);
}

EQ_FRONT_END_PART void eq_front_end_four_mve(const eq_front_end_t *p, const int16_t *x, eq_front_end_at_t *at,
                                             int32_t end, eq_complex_t *points) {
  eq_front_end_groups_mve(p, x, at, end, points, 4);
}

EQ_FRONT_END_PART void eq_front_end_three_mve(const eq_front_end_t *p, const int16_t *x, eq_front_end_at_t *at,
                                              int32_t end, eq_complex_t *points) {
  eq_front_end_groups_mve(p, x, at, end, points, 3);
}

static EQ_INLINE eq_complex4_t eq_front_end_turn4(const eq_complex_t *from, int32x4_t cosine, int32x4_t sine) {
  const eq_complex4_t x = eq_complex4_load(from);
  const eq_complex4_t turned = {vaddq_s32(vmulhq_s32(x.r, cosine), vmulhq_s32(x.i, sine)),
                                vsubq_s32(vmulhq_s32(x.i, cosine), vmulhq_s32(x.r, sine))};
  return turned;
}

/* eq_front_end_group. The vectors begin with the first point, which is not turned, on a turn that is another's: it is
 * done again. */
EQ_FRONT_END_PART const int32_t *eq_front_end_group_mve(eq_complex_t *x, int32_t span, const int32_t *turns) {
  if (span < 4) {
    return eq_front_end_group(x, span, turns);
  }
  const eq_complex_t first[4] = {eq_front_end_half(x), eq_front_end_half(x + span), eq_front_end_half(x + 2 * span),
                                 eq_front_end_half(x + 3 * span)};
  const uint32x4_t lanes = vidupq_n_u32(0u, 1);
  uint32x4_t at = vmlaq_n_u32(vdupq_n_u32((uint32_t)(uintptr_t)turns), vmaxq_u32(lanes, vdupq_n_u32(1u)), 24u);
  at = vsubq_u32(at, vdupq_n_u32(24u)); /* of the first lane the first turn */
  for (eq_complex_t *to = x; to < x + span; to += 4) {
    const eq_complex4_t b =
        eq_front_end_turn4(to + span, vldrwq_gather_base_s32(at, 0), vldrwq_gather_base_s32(at, 4));
    const eq_complex4_t d =
        eq_front_end_turn4(to + 3 * span, vldrwq_gather_base_s32(at, 16), vldrwq_gather_base_s32(at, 20));
    const eq_complex4_t half = {vaddq_s32(b.r, d.r), vaddq_s32(b.i, d.i)};
    const eq_complex4_t turned = {vsubq_s32(b.i, d.i), vsubq_s32(d.r, b.r)};
    const eq_complex4_t c =
        eq_front_end_turn4(to + 2 * span, vldrwq_gather_base_s32(at, 8), vldrwq_gather_base_s32(at, 12));
    eq_complex4_t a = eq_complex4_load(to);
    a.r = vshrq_n_s32(a.r, 1);
    a.i = vshrq_n_s32(a.i, 1);
    const eq_complex4_t even = {vaddq_s32(a.r, c.r), vaddq_s32(a.i, c.i)};
    const eq_complex4_t odd = {vsubq_s32(a.r, c.r), vsubq_s32(a.i, c.i)};
    eq_complex4_store(to, vaddq_s32(even.r, half.r), vaddq_s32(even.i, half.i));
    eq_complex4_store(to + 2 * span, vsubq_s32(even.r, half.r), vsubq_s32(even.i, half.i));
    eq_complex4_store(to + span, vaddq_s32(odd.r, turned.r), vaddq_s32(odd.i, turned.i));
    eq_complex4_store(to + 3 * span, vsubq_s32(odd.r, turned.r), vsubq_s32(odd.i, turned.i));
    /* lane k of the next vector: turn 4 more, and no turn is left out behind the first vector */
    at = to == x ? vmlaq_n_u32(vdupq_n_u32((uint32_t)(uintptr_t)(turns + 18)), lanes, 24u) : vaddq_n_u32(at, 96u);
  }
  eq_front_end_cross(x, span, first[0], first[1], first[2], first[3]);
  return turns + 6 * (span - 1);
}

/* eq_front_end_powers: the number of pairs is a multiple of four. */
EQ_FRONT_END_PART void eq_front_end_powers_mve(const eq_front_end_t *p, eq_complex_t *points, int32_t shift) {
  const uint32x4_t up = vmulq_n_u32(vidupq_n_u32(0u, 1), (uint32_t)sizeof points[0]);
  const uint32x4_t down = vsubq_u32(vdupq_n_u32(3u * (uint32_t)sizeof points[0]), up);
  const int32_t *turn = p->halves;
  eq_complex_t *first = points + 1;
  eq_complex_t *second = points + (1 << (p->log2_fft - 1)) - 4; /* the lowest of four */
  for (int32_t left = 1 << (p->log2_fft - 2); left > 0; left -= 4, first += 4, second -= 4, turn += 8) {
    eq_complex4_t a = eq_complex4_load(first);
    eq_complex4_t b = eq_complex4_at(second, down);
    const eq_complex4_t by = eq_complex4_load((const eq_complex_t *)(const void *)turn);
    a.r = vshlq_r_s32(a.r, shift);
    a.i = vshlq_r_s32(a.i, shift);
    b.r = vshlq_r_s32(b.r, shift);
    b.i = vshlq_r_s32(b.i, shift);
    const int32x4_t odd_r = vsubq_s32(a.r, b.r);
    const int32x4_t odd_i = vaddq_s32(a.i, b.i);
    const int32x4_t even_r = vaddq_s32(a.r, b.r);
    const int32x4_t even_i = vsubq_s32(a.i, b.i);
    const int32x4_t turned_r =
        vshlq_n_s32(vsubq_s32(vmulhq_s32(odd_i, by.r), vmulhq_s32(odd_r, by.i)), 1);
    const int32x4_t turned_i =
        vshlq_n_s32(vaddq_s32(vmulhq_s32(odd_r, by.r), vmulhq_s32(odd_i, by.i)), 1);
    const eq_complex4_t one = {vaddq_s32(even_r, turned_r), vsubq_s32(even_i, turned_i)};
    const eq_complex4_t other = {vsubq_s32(even_r, turned_r), vaddq_s32(even_i, turned_i)};
    vstrwq_scatter_offset_s32(&second->r, down, vaddq_s32(vmulhq_s32(other.r, other.r), vmulhq_s32(other.i, other.i)));
    vstrwq_scatter_offset_s32(&first->r, up, vaddq_s32(vmulhq_s32(one.r, one.r), vmulhq_s32(one.i, one.i)));
  }
}

#endif
