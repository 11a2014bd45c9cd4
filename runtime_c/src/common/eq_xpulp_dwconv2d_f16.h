/* dwconv2d, FP16 storage, Xpulp with smallfloat, an even number of channels: rows of two channels. Input gradients
 * are made of them as well.
 *
 * A word holds two neighbouring channels of a pixel. Its products with the pairs (w, 0) and (0, w) are those of one
 * channel each, so that nothing is shuffled; an infinite element makes its neighbour's sums no numbers as well.
 *
 * Windows of three neighbouring columns and up to three rows slide along a row of the image: every word is loaded once,
 * all weights stay in registers. */
#ifndef EQ_XPULP_DWCONV2D_F16_H
#define EQ_XPULP_DWCONV2D_F16_H

#include "eq_dwconv2d_float.h"
#include "eq_window.h"
#include "eq_xpulp_f16.h"

enum { EQ_XPULP_SLIDING = 3 };

typedef struct {
  float even, odd; /* of two channels */
} eq_xpulp_sums_t;

typedef struct {
  eq_xpulp_pair_t r0, r1, r2; /* words of three rows */
} eq_xpulp_column_t;

typedef struct {
  eq_xpulp_column_t even, odd; /* (w, 0) and (0, w) */
} eq_xpulp_taps_t;

/* Where the next words of up to three rows of an image are, and the way to those behind them. */
typedef struct {
  const eq_f16_t *at0, *at1, *at2;
  int32_t step;
} eq_xpulp_rows_t;

static EQ_INLINE eq_xpulp_column_t eq_xpulp_next_column(eq_xpulp_rows_t *rows) {
  const eq_xpulp_column_t column = {eq_xpulp_load_pair(rows->at0), eq_xpulp_load_pair(rows->at1),
                                    eq_xpulp_load_pair(rows->at2)};
  EQ_XPULP_STEP(rows->at0, rows->step);
  EQ_XPULP_STEP(rows->at1, rows->step);
  EQ_XPULP_STEP(rows->at2, rows->step);
  return column;
}

static EQ_INLINE eq_xpulp_sums_t eq_xpulp_add_column(eq_xpulp_sums_t sum, eq_xpulp_column_t x,
                                                     const eq_xpulp_taps_t *w) {
  sum.even = eq_xpulp_dotpex(sum.even, x.r0, w->even.r0);
  sum.odd = eq_xpulp_dotpex(sum.odd, x.r0, w->odd.r0);
  sum.even = eq_xpulp_dotpex(sum.even, x.r1, w->even.r1);
  sum.odd = eq_xpulp_dotpex(sum.odd, x.r1, w->odd.r1);
  sum.even = eq_xpulp_dotpex(sum.even, x.r2, w->even.r2);
  sum.odd = eq_xpulp_dotpex(sum.odd, x.r2, w->odd.r2);
  return sum;
}

/* What two channels of a layer have: weights [taps] as words (w, 0) and (0, w), and biases. */
typedef struct {
  const eq_f16_t *weights;
  eq_xpulp_sums_t bias;
  eq_xpulp_limits_t limits;
} eq_xpulp_channels_t;

/* The weights of the channels c and c + 1 as words (w, 0) and (0, w). */
static EQ_INLINE void eq_xpulp_part_weights(const eq_dwconv2d_f16_t *p, int32_t c, uint32_t *words) {
  const eq_f16_t *w = p->weights + c;
  const int32_t channels = p->in_c;
  for (int32_t tap = p->kernel_h * p->kernel_w; tap > 0; tap--) {
    const uint32_t pair = eq_xpulp_word_at(w);
    words[0] = pair & 0xffffu;
    words[1] = pair & 0xffff0000u;
    words += 2;
    w += channels;
  }
}

/* Of a column of the window; `inside`: a bit for each of its rows, the others have zeros. */
static EQ_INLINE eq_xpulp_taps_t eq_xpulp_taps_of(const eq_f16_t *weights, uint32_t inside) {
  const int32_t row = 4 * EQ_XPULP_SLIDING;
  const eq_xpulp_pair_t zero = eq_xpulp_pair_of(0u);
  eq_xpulp_taps_t taps = {{zero, zero, zero}, {zero, zero, zero}};
  if ((inside & 1u) != 0u) {
    taps.even.r0 = eq_xpulp_load_pair(weights);
    taps.odd.r0 = eq_xpulp_load_pair(weights + 2);
  }
  if ((inside & 2u) != 0u) {
    taps.even.r1 = eq_xpulp_load_pair(weights + row);
    taps.odd.r1 = eq_xpulp_load_pair(weights + row + 2);
  }
  if ((inside & 4u) != 0u) {
    taps.even.r2 = eq_xpulp_load_pair(weights + 2 * row);
    taps.odd.r2 = eq_xpulp_load_pair(weights + 2 * row + 2);
  }
  return taps;
}

/* One pixel, any window; its first tap lies at row iy and column ix of the image. */
static EQ_INLINE void eq_xpulp_dwconv2d_one(const eq_dwconv2d_f16_t *p, const eq_f16_t *input, int32_t iy, int32_t ix,
                                            const eq_xpulp_channels_t *c, eq_f16_t *y) {
  const eq_taps_t ky = eq_taps_inside(iy, p->kernel_h, p->dilation_h, p->in_h);
  const eq_taps_t kx = eq_taps_inside(ix, p->kernel_w, p->dilation_w, p->in_w);
  const int32_t step = p->dilation_w * p->in_c;
  eq_xpulp_sums_t sum = c->bias;
  for (int32_t k = ky.begin; k < ky.end && kx.begin < kx.end; k++) {
    const eq_f16_t *x = input + ((iy + k * p->dilation_h) * p->in_w + ix + kx.begin * p->dilation_w) * p->in_c;
    const eq_f16_t *w = c->weights + 4 * (k * p->kernel_w + kx.begin);
    const eq_f16_t *const end = w + 4 * (kx.end - kx.begin);
    do {
      const eq_xpulp_pair_t pair = eq_xpulp_load_pair(x);
      sum.even = eq_xpulp_dotpex(sum.even, pair, eq_xpulp_load_pair(w));
      sum.odd = eq_xpulp_dotpex(sum.odd, pair, eq_xpulp_load_pair(w + 2));
      x += step;
      w += 4;
    } while (w != end);
  }
  eq_xpulp_put2(sum.even, sum.odd, y, &c->limits);
}

/* The sums of three outputs that are neighbours, `a` finished by the column x, and the output after them begun. */
#define EQ_XPULP_SLIDE(a, b, c)                              \
  do {                                                       \
    const eq_xpulp_column_t x = eq_xpulp_next_column(&rows); \
    a = eq_xpulp_add_column(a, x, &w2);                      \
    b = eq_xpulp_add_column(b, x, &w1);                      \
    c = eq_xpulp_add_column(bias, x, &w0);                   \
    eq_xpulp_put2(a.even, a.odd, y, &limits);                \
    EQ_XPULP_STEP(y, pitch);                                 \
  } while (0)

/* `count` pixels (two or more) of a row; the first one's first tap lies in column ix of `width`, and `rows` are at the
 * first column that is inside. So are those from ix + 2 to ix + count - 1. */
static EQ_INLINE void eq_xpulp_dwconv2d_row(eq_xpulp_rows_t rows, int32_t ix, int32_t width, int32_t count,
                                            const eq_xpulp_sums_t bias, const eq_xpulp_limits_t limits,
                                            const eq_xpulp_taps_t w0, const eq_xpulp_taps_t w1,
                                            const eq_xpulp_taps_t w2, eq_f16_t *y, int32_t pitch) {
  eq_xpulp_sums_t a = bias, b = bias, c;
  if (ix >= 0) {
    a = eq_xpulp_add_column(a, eq_xpulp_next_column(&rows), &w0);
  }
  if (ix >= -1) {
    const eq_xpulp_column_t x = eq_xpulp_next_column(&rows);
    a = eq_xpulp_add_column(a, x, &w1);
    b = eq_xpulp_add_column(b, x, &w0);
  }
  int32_t left = count - 2;
  for (; left >= 3; left -= 3) {
    EQ_XPULP_SLIDE(a, b, c);
    EQ_XPULP_SLIDE(b, c, a);
    EQ_XPULP_SLIDE(c, a, b);
  }
  for (; left > 0; left--) {
    EQ_XPULP_SLIDE(a, b, c);
    a = b;
    b = c;
  }
  if (ix + count < width) {
    const eq_xpulp_column_t x = eq_xpulp_next_column(&rows);
    a = eq_xpulp_add_column(a, x, &w2);
    b = eq_xpulp_add_column(b, x, &w1);
  }
  eq_xpulp_put2(a.even, a.odd, y, &limits);
  if (ix + count + 1 < width) {
    b = eq_xpulp_add_column(b, eq_xpulp_next_column(&rows), &w2);
  }
  eq_xpulp_put2(b.even, b.odd, y + pitch, &limits);
}

#undef EQ_XPULP_SLIDE

static EQ_INLINE int32_t eq_xpulp_row_inside(int32_t iy, int32_t size) {
  return iy < 0 ? 0 : (iy < size ? iy : size - 1);
}

/* The rows `first` to first + count - 1 of the channels c and c + 1; y is the first row's first pixel, `pitch` elements
 * before the next, `line` before the next row. */
static EQ_INLINE void eq_xpulp_dwconv2d_rows(const eq_dwconv2d_f16_t *p, const eq_f16_t *input, int32_t c,
                                             int32_t first, int32_t count, eq_f16_t *y, int32_t pitch, int32_t line,
                                             void *scratch) {
  const int32_t height = p->in_h, width = p->in_w, in_c = p->in_c, out_w = p->out_w, ix = -p->pad_left;
  const int32_t kernel_h = p->kernel_h, kernel_w = p->kernel_w, dilation_h = p->dilation_h, stride_h = p->stride_h;
  const int32_t slides = kernel_w == EQ_XPULP_SLIDING && kernel_h <= EQ_XPULP_SLIDING && kernel_h > 0 && out_w > 1 &&
                         p->stride_w == 1 && p->dilation_w == 1 && ix >= -2 && ix + out_w <= width;
  const eq_xpulp_limits_t limits = eq_xpulp_limits_of(p->act_min, p->act_max);
  const eq_xpulp_channels_t channels = {scratch, {p->bias[c], p->bias[c + 1]}, limits};
  eq_xpulp_part_weights(p, c, scratch);
  input += c;
  y += c;
  int32_t iy = first * stride_h - p->pad_top;
  if (!slides) {
    for (; count > 0; count--, iy += stride_h, y += line) {
      eq_f16_t *to = y;
      for (int32_t column = 0; column < out_w; column++, to += pitch) {
        eq_xpulp_dwconv2d_one(p, input, iy, ix + column * p->stride_w, &channels, to);
      }
    }
    return;
  }
  const eq_xpulp_sums_t bias = channels.bias;
  uint32_t loaded = 0u;
  eq_xpulp_taps_t w0 = eq_xpulp_taps_of(scratch, loaded), w1 = w0, w2 = w0;
  for (; count > 0; count--, iy += stride_h, y += line) {
    const int32_t iy1 = iy + dilation_h, iy2 = iy1 + dilation_h;
    uint32_t inside = (uint32_t)iy < (uint32_t)height;
    inside |= (uint32_t)(kernel_h > 1 && (uint32_t)iy1 < (uint32_t)height) << 1;
    inside |= (uint32_t)(kernel_h > 2 && (uint32_t)iy2 < (uint32_t)height) << 2;
    if (inside != loaded) {
      loaded = inside;
      w0 = eq_xpulp_taps_of(channels.weights, inside);
      w1 = eq_xpulp_taps_of(channels.weights + 4, inside);
      w2 = eq_xpulp_taps_of(channels.weights + 8, inside);
    }
    const eq_f16_t *const x = input + (ix < 0 ? 0 : ix) * in_c;
    const int32_t across = width * in_c;
    const eq_xpulp_rows_t rows = {x + eq_xpulp_row_inside(iy, height) * across,
                                  x + eq_xpulp_row_inside(iy1, height) * across,
                                  x + eq_xpulp_row_inside(iy2, height) * across, in_c};
    eq_xpulp_dwconv2d_row(rows, ix, width, out_w, bias, limits, w0, w1, w2, y, pitch);
  }
}

#endif
