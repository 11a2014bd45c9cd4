/* max_pool2d, int8, portable C. The header states the contract. */
#include "eq_max_pool2d.h"

#include "eq_inline.h"
#include "eq_requant.h"
#include "eq_window.h"

/* The taps of a window that lie inside the image. */
typedef struct {
  const int8_t *first; /* channel 0 of the first of them */
  int32_t rows, width;
  int32_t row_step, tap_step; /* bytes between taps */
} window_t;

static EQ_INLINE window_t window_at(const eq_max_pool2d_s8_t *p, const int8_t *input, int32_t pixel) {
  const int32_t iy = pixel / p->out_w * p->stride_h - p->pad_top;
  const int32_t ix = pixel % p->out_w * p->stride_w - p->pad_left;
  const eq_taps_t ky = eq_taps_inside(iy, p->kernel_h, p->dilation_h, p->in_h);
  const eq_taps_t kx = eq_taps_inside(ix, p->kernel_w, p->dilation_w, p->in_w);
  window_t w;
  w.first = input + ((iy + ky.begin * p->dilation_h) * p->in_w + ix + kx.begin * p->dilation_w) * p->channels;
  w.rows = ky.end - ky.begin;
  w.width = kx.end - kx.begin;
  w.row_step = p->in_w * p->dilation_h * p->channels;
  w.tap_step = p->dilation_w * p->channels;
  return w;
}

static EQ_INLINE int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }

/* `lanes` (1 or 4) channels from `c` on of one pixel: one address computation for four maxima. */
static EQ_INLINE void channels_of(const eq_max_pool2d_s8_t *p, window_t w, int32_t c, int8_t *y, int32_t lanes) {
  const int8_t *row = w.first + c;
  int32_t max0 = -128, max1 = -128, max2 = -128, max3 = -128;
  for (int32_t r = w.rows; r > 0; r--) {
    const int8_t *x = row;
    for (int32_t i = w.width; i > 0; i--) {
      max0 = larger(x[0], max0);
      if (lanes == 4) {
        max1 = larger(x[1], max1);
        max2 = larger(x[2], max2);
        max3 = larger(x[3], max3);
      }
      x += w.tap_step;
    }
    row += w.row_step;
  }
  y[0] = (int8_t)eq_clamp(max0, p->act_min, p->act_max);
  if (lanes == 4) {
    y[1] = (int8_t)eq_clamp(max1, p->act_min, p->act_max);
    y[2] = (int8_t)eq_clamp(max2, p->act_min, p->act_max);
    y[3] = (int8_t)eq_clamp(max3, p->act_min, p->act_max);
  }
}

void eq_max_pool2d_s8_scalar(const eq_max_pool2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             eq_range_t range) {
  const int32_t channels = p->channels;
  int32_t pixel = range.begin / channels;
  int32_t c = range.begin - pixel * channels;
  /* Channels are counted from those of the pixel at hand, so that a share may begin and end inside one. */
  for (int32_t left = range.end - range.begin; left > 0; pixel++) {
    const window_t w = window_at(p, input, pixel);
    const int32_t end = left < channels - c ? c + left : channels;
    int8_t *const y = output + pixel * channels;
    left -= end - c;
    for (; c + 4 <= end; c += 4) {
      channels_of(p, w, c, y + c, 4);
    }
    for (; c < end; c++) {
      channels_of(p, w, c, y + c, 1);
    }
    c = 0;
  }
}
