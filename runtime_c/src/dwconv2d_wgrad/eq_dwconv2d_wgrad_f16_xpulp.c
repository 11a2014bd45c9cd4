/* dwconv2d_wgrad, FP16 storage, Xpulp with smallfloat, an even number of channels: two channels under three columns and
 * three rows of the window at a time. The header states the contract.
 *
 * A word holds two neighbouring channels of a pixel; its products with (dy, 0) and (0, dy) are those of one channel
 * each. Where a window's columns are neighbours they slide along a row: every word is loaded once. */
#include "eq_dwconv2d_wgrad.h"
#include "eq_xpulp_f16.h"

enum { TAPS = 3 }; /* along an axis */

typedef struct {
  eq_xpulp_pair_t r0, r1, r2; /* words of three rows */
} column_t;

typedef struct {
  float even0, odd0, even1, odd1, even2, odd2; /* of three rows */
} sums_t;

typedef struct {
  sums_t c0, c1, c2; /* of three columns */
} block_t;

/* Three rows of x: the next words, and the way to those behind them; rows outside the image stay at zeros. */
typedef struct {
  const eq_f16_t *at0, *at1, *at2;
  int32_t step0, step1, step2;
} rows_t;

static const eq_f16_t outside[2] __attribute__((aligned(4))) = {0, 0};

static EQ_INLINE column_t no_column(void) {
  const eq_xpulp_pair_t zero = eq_xpulp_pair_of(0u);
  return (column_t){zero, zero, zero};
}

static EQ_INLINE column_t next_column(rows_t *rows) {
  const column_t column = {eq_xpulp_load_pair(rows->at0), eq_xpulp_load_pair(rows->at1), eq_xpulp_load_pair(rows->at2)};
  EQ_XPULP_STEP(rows->at0, rows->step0);
  EQ_XPULP_STEP(rows->at1, rows->step1);
  EQ_XPULP_STEP(rows->at2, rows->step2);
  return column;
}

/* The words of column ix; `rows` are at column 0. */
static EQ_INLINE column_t column_at(const rows_t *rows, int32_t ix, int32_t width) {
  if ((uint32_t)ix >= (uint32_t)width) {
    return no_column();
  }
  return (column_t){eq_xpulp_load_pair(rows->at0 + ix * rows->step0), eq_xpulp_load_pair(rows->at1 + ix * rows->step1),
                    eq_xpulp_load_pair(rows->at2 + ix * rows->step2)};
}

static EQ_INLINE sums_t add_column(sums_t sum, column_t x, eq_xpulp_pair_t even, eq_xpulp_pair_t odd) {
  sum.even0 = eq_xpulp_dotpex(sum.even0, x.r0, even);
  sum.odd0 = eq_xpulp_dotpex(sum.odd0, x.r0, odd);
  sum.even1 = eq_xpulp_dotpex(sum.even1, x.r1, even);
  sum.odd1 = eq_xpulp_dotpex(sum.odd1, x.r1, odd);
  sum.even2 = eq_xpulp_dotpex(sum.even2, x.r2, even);
  sum.odd2 = eq_xpulp_dotpex(sum.odd2, x.r2, odd);
  return sum;
}

static EQ_INLINE block_t add_pixel(block_t sum, const eq_f16_t *dy, column_t x0, column_t x1, column_t x2) {
  const uint32_t word = eq_xpulp_word_at(dy);
  const eq_xpulp_pair_t even = eq_xpulp_pair_of(word & 0xffffu), odd = eq_xpulp_pair_of(word & 0xffff0000u);
  sum.c0 = add_column(sum.c0, x0, even, odd);
  sum.c1 = add_column(sum.c1, x1, even, odd);
  sum.c2 = add_column(sum.c2, x2, even, odd);
  return sum;
}

/* A row of pixels whose first one's first tap is in column ix; the window's columns are neighbours. */
static EQ_INLINE block_t slide(block_t sum, rows_t rows, int32_t ix, int32_t width, const eq_f16_t *dy, int32_t pixels,
                               int32_t step) {
  if (ix < 1 - TAPS) { /* pixels without a column inside */
    dy += (1 - TAPS - ix) * step;
    pixels -= 1 - TAPS - ix;
    ix = 1 - TAPS;
  }
  column_t x0 = column_at(&rows, ix, width), x1 = column_at(&rows, ix + 1, width), x2;
  const int32_t in_row = width - (ix + 2), skipped = ix + 2;
  int32_t inside = pixels < in_row ? pixels : in_row, rest = pixels - (inside > 0 ? inside : 0);
  rows.at0 += skipped * rows.step0;
  rows.at1 += skipped * rows.step1;
  rows.at2 += skipped * rows.step2;
  for (; inside >= 3; inside -= 3) {
    x2 = next_column(&rows);
    sum = add_pixel(sum, dy, x0, x1, x2);
    EQ_XPULP_STEP(dy, step);
    x0 = next_column(&rows);
    sum = add_pixel(sum, dy, x1, x2, x0);
    EQ_XPULP_STEP(dy, step);
    x1 = next_column(&rows);
    sum = add_pixel(sum, dy, x2, x0, x1);
    EQ_XPULP_STEP(dy, step);
  }
  for (; inside > 0; inside--) {
    x2 = next_column(&rows);
    sum = add_pixel(sum, dy, x0, x1, x2);
    x0 = x1;
    x1 = x2;
    dy += step;
  }
  for (rest = rest < 2 ? rest : 2; rest > 0; rest--) {
    sum = add_pixel(sum, dy, x0, x1, no_column());
    x0 = x1;
    x1 = no_column();
    dy += step;
  }
  return sum;
}

/* The rows of x from row iy on that are the next `taps` of the window; at column 0. */
static EQ_INLINE rows_t rows_from(const eq_dwconv2d_wgrad_t *p, const eq_f16_t *x, int32_t iy, int32_t taps) {
  const int32_t line = p->in_w * p->in_c, down = p->dilation_h;
  rows_t rows = {outside, outside, outside, 0, 0, 0};
  if ((uint32_t)iy < (uint32_t)p->in_h) {
    rows.at0 = x + iy * line;
    rows.step0 = p->in_c;
  }
  if (taps > 1 && (uint32_t)(iy + down) < (uint32_t)p->in_h) {
    rows.at1 = x + (iy + down) * line;
    rows.step1 = p->in_c;
  }
  if (taps > 2 && (uint32_t)(iy + 2 * down) < (uint32_t)p->in_h) {
    rows.at2 = x + (iy + 2 * down) * line;
    rows.step2 = p->in_c;
  }
  return rows;
}

static EQ_INLINE void put_column(float *dw, sums_t sum, int32_t rows, int32_t row_step) {
  dw[0] = sum.even0;
  dw[1] = sum.odd0;
  if (rows > 1) {
    dw[row_step] = sum.even1;
    dw[row_step + 1] = sum.odd1;
  }
  if (rows > 2) {
    dw[2 * row_step] = sum.even2;
    dw[2 * row_step + 1] = sum.odd2;
  }
}

/* The taps from ky, kx on for the two channels that x, dy and dw begin with; `slides`: three columns or more that are
 * neighbours. */
static EQ_INLINE void taps_from(const eq_dwconv2d_wgrad_t *p, const eq_f16_t *x, const eq_f16_t *dy, float *dw,
                                int32_t ky, int32_t kx, int32_t slides) {
  const int32_t channels = p->in_c, width = p->in_w, out_w = p->out_w, dilation = p->dilation_w, stride = p->stride_w;
  const int32_t rows_left = p->kernel_h - ky, columns = p->kernel_w - kx, ix = kx * dilation - p->pad_left;
  const int32_t line = out_w * channels;
  const sums_t zero = {0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f};
  block_t sum = {zero, zero, zero};
  int32_t iy = ky * p->dilation_h - p->pad_top;
  for (int32_t oy = p->out_h; oy > 0; oy--) {
    const rows_t rows = rows_from(p, x, iy, rows_left);
    if (slides) {
      sum = slide(sum, rows, ix, width, dy, out_w, channels);
    } else {
      for (int32_t ox = 0, at = ix; ox < out_w; ox++, at += stride) {
        const column_t x1 = columns > 1 ? column_at(&rows, at + dilation, width) : no_column();
        const column_t x2 = columns > 2 ? column_at(&rows, at + 2 * dilation, width) : no_column();
        sum = add_pixel(sum, dy + ox * channels, column_at(&rows, at, width), x1, x2);
      }
    }
    EQ_XPULP_STEP(dy, line);
    EQ_XPULP_STEP(iy, p->stride_h);
  }
  float *const to = dw + (ky * p->kernel_w + kx) * channels;
  const int32_t row_step = p->kernel_w * channels;
  put_column(to, sum.c0, rows_left, row_step);
  if (columns > 1) {
    put_column(to + channels, sum.c1, rows_left, row_step);
  }
  if (columns > 2) {
    put_column(to + 2 * channels, sum.c2, rows_left, row_step);
  }
}

/* Functions of their own, or all that their loops count with would be spilled. */
static __attribute__((noinline)) void sliding(const eq_dwconv2d_wgrad_t *p, const eq_f16_t *x, const eq_f16_t *dy,
                                              float *dw, int32_t ky, int32_t kx) {
  taps_from(p, x, dy, dw, ky, kx, 1);
}

static __attribute__((noinline)) void apart(const eq_dwconv2d_wgrad_t *p, const eq_f16_t *x, const eq_f16_t *dy,
                                            float *dw, int32_t ky, int32_t kx) {
  taps_from(p, x, dy, dw, ky, kx, 0);
}

EQ_CONV2D_WGRAD_PROTOTYPE(eq_dwconv2d_wgrad_f16_xpulp, eq_f16_t) {
  (void)scratch;
  const int32_t neighbours = p->stride_w == 1 && p->dilation_w == 1;
  for (int32_t c = range.begin; c < range.end; c += 2) {
    for (int32_t ky = 0; ky < p->kernel_h; ky += TAPS) {
      for (int32_t kx = 0; kx < p->kernel_w; kx += TAPS) {
        if (neighbours && p->kernel_w - kx >= TAPS) {
          sliding(p, x + c, dy + c, dw + c, ky, kx);
        } else {
          apart(p, x + c, dy + c, dw + c, ky, kx);
        }
      }
    }
  }
}
