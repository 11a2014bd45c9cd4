/* What lies under eight places of a convolution's window, FP16, in pairs of output pixels: x[pair][8 places][2
 * pixels]. */
#ifndef EQ_XPULP_PIXEL_PAIRS_H
#define EQ_XPULP_PIXEL_PAIRS_H

#include "eq_conv2d_wgrad.h"
#include "eq_outputs_inside.h"
#include "eq_xpulp_f16.h"

enum { EQ_XPULP_PLACES = 8 };

/* A place of the window: how far its tap lies from an output pixel's first place, and its channel. */
typedef struct {
  int32_t top, left, channel;
} eq_xpulp_place_t;

static EQ_INLINE eq_xpulp_place_t eq_xpulp_place_of(const eq_conv2d_wgrad_t *p, int32_t k) {
  const int32_t tap = k / p->in_c, ky = tap / p->kernel_w;
  const int32_t kx = tap - ky * p->kernel_w;
  const eq_xpulp_place_t place = {ky * p->dilation_h - p->pad_top, kx * p->dilation_w - p->pad_left, k - tap * p->in_c};
  return place;
}

/* Both pixels of neighbouring places. */
static EQ_INLINE void eq_xpulp_put_words(eq_f16_t *to, const eq_f16_t *first, const eq_f16_t *second, int32_t places) {
  uint32_t *word = (uint32_t *)(void *)to;
  for (int32_t i = 0; i < places; i += 2) {
    const uint32_t a = eq_xpulp_word_at(first + i), b = eq_xpulp_word_at(second + i);
    word[i] = eq_xcv_pack_lo_h(b, a);
    word[i + 1] = eq_xcv_pack_hi_h(b, a);
  }
}

/* What lies under a place at output pixel oy, ox; zeros outside the image. */
static EQ_INLINE const eq_f16_t *eq_xpulp_under(const eq_conv2d_wgrad_t *p, const eq_f16_t *x, eq_xpulp_place_t place,
                                                int32_t oy, int32_t ox) {
  static const eq_f16_t zeros[EQ_XPULP_PLACES] __attribute__((aligned(4))) = {0};
  const int32_t iy = oy * p->stride_h + place.top, ix = ox * p->stride_w + place.left;
  const int32_t inside = (uint32_t)iy < (uint32_t)p->in_h && (uint32_t)ix < (uint32_t)p->in_w && oy < p->out_h;
  return inside ? x + (iy * p->in_w + ix) * p->in_c + place.channel : zeros;
}

/* `places` (4 or 8) neighbours from `place` on, of the same tap, at the pixels first to first + count - 1. A pixel
 * outside the image, and one behind the last of an odd number, gives zeros. in_c is a multiple of `places`. */
static EQ_INLINE void eq_xpulp_gather_words(const eq_conv2d_wgrad_t *p, const eq_f16_t *x, eq_xpulp_place_t place,
                                            int32_t first, int32_t count, eq_f16_t *to, int32_t places) {
  const eq_range_t inside = eq_outputs_inside(place.left, p->stride_w, p->in_w, p->out_w);
  const int32_t across = p->stride_w * p->in_c;
  int32_t oy = first / p->out_w, ox = first - oy * p->out_w;
  while (count > 0) {
    const int32_t iy = oy * p->stride_h + place.top, in_row = inside.end - ox;
    int32_t pairs = (count < in_row ? count : in_row) / 2;
    const eq_f16_t *from = eq_xpulp_under(p, x, place, oy, ox);
    if (ox >= inside.begin && pairs > 0 && iy >= 0 && iy < p->in_h) {
      count -= 2 * pairs;
      ox += 2 * pairs;
      for (; pairs > 0; pairs--) {
        eq_xpulp_put_words(to, from, from + across, places);
        from += 2 * across;
        to += 2 * EQ_XPULP_PLACES;
      }
    } else { /* round the end of a row */
      const int32_t wraps = ox + 1 == p->out_w;
      const int32_t next_y = count > 1 ? oy + wraps : p->out_h, next_x = wraps ? 0 : ox + 1;
      eq_xpulp_put_words(to, from, eq_xpulp_under(p, x, place, next_y, next_x), places);
      count -= 2;
      ox += 2;
      to += 2 * EQ_XPULP_PLACES;
    }
    while (ox >= p->out_w) {
      ox -= p->out_w;
      oy++;
    }
  }
}

/* One place, at the pixels first to first + count - 1 that have it inside the image; the others are not written. */
static EQ_INLINE void eq_xpulp_gather_place(const eq_conv2d_wgrad_t *p, const eq_f16_t *x, eq_xpulp_place_t place,
                                            int32_t first, int32_t count, eq_f16_t *to) {
  const eq_range_t ox = eq_outputs_inside(place.left, p->stride_w, p->in_w, p->out_w);
  int32_t oy = first / p->out_w;
  for (int32_t row = oy * p->out_w - first; row < count; row += p->out_w, oy++) {
    const int32_t iy = oy * p->stride_h + place.top;
    const int32_t begin = row + ox.begin > 0 ? row + ox.begin : 0, end = row + ox.end < count ? row + ox.end : count;
    if (iy < 0 || iy >= p->in_h) {
      continue;
    }
    const eq_f16_t *from = x + (iy * p->in_w + (begin - row) * p->stride_w + place.left) * p->in_c + place.channel;
    const int32_t across = p->stride_w * p->in_c;
    eq_f16_t *put = to + (begin >> 1) * 2 * EQ_XPULP_PLACES;
    int32_t left = end - begin;
    if ((begin & 1) != 0 && left > 0) { /* the second of a pair */
      put[1] = *from;
      put += 2 * EQ_XPULP_PLACES;
      from += across;
      left--;
    }
    for (; left >= 2; left -= 2) {
      eq_xpulp_store_word(put, from[0] | (uint32_t)from[across] << 16);
      put += 2 * EQ_XPULP_PLACES;
      from += 2 * across;
    }
    if (left > 0) {
      put[0] = *from;
    }
  }
}

/* The places k to k + 7 of the window [kernel_h][kernel_w][in_c] at the pixels first to first + count - 1; zeros
 * outside the image, behind the last place and behind an odd number of pixels. */
static EQ_INLINE void eq_xpulp_gather_pairs(const eq_conv2d_wgrad_t *p, const eq_f16_t *x, int32_t k, int32_t first,
                                            int32_t count, eq_f16_t *to) {
  const int32_t places = p->kernel_h * p->kernel_w * p->in_c;
  if ((p->in_c & 7) == 0) {
    eq_xpulp_gather_words(p, x, eq_xpulp_place_of(p, k), first, count, to, EQ_XPULP_PLACES);
    return;
  }
  uint32_t *const words = (uint32_t *)(void *)to;
  for (int32_t i = 0; i < (count + 1) / 2 * EQ_XPULP_PLACES; i++) {
    words[i] = 0u;
  }
  const int32_t step = (p->in_c & 3) == 0 ? 4 : 1;
  for (int32_t i = 0; i < EQ_XPULP_PLACES && k + i < places; i += step) {
    const eq_xpulp_place_t place = eq_xpulp_place_of(p, k + i);
    if (step == 4) {
      eq_xpulp_gather_words(p, x, place, first, count, to + 2 * i, 4);
    } else {
      eq_xpulp_gather_place(p, x, place, first, count, to + 2 * i);
    }
  }
}

#endif
