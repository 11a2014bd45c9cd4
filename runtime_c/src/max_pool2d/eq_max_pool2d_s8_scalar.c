/* max_pool2d, int8, portable C. The header states the contract. */
#include "eq_max_pool2d.h"

#include "eq_inline.h"
#include "eq_requant.h"
#include "eq_row_max.h"
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

/* `lanes` (1 or 4) channels from `c` on of one pixel: one address computation for four maxima. */
static EQ_INLINE void channels_of(const eq_max_pool2d_s8_t *p, window_t w, int32_t c, int8_t *y, int32_t lanes) {
  const int8_t *row = w.first + c;
  int32_t max0 = -128, max1 = -128, max2 = -128, max3 = -128;
  for (int32_t r = w.rows; r > 0; r--) {
    const int8_t *x = row;
    for (int32_t i = w.width; i > 0; i--) {
      max0 = eq_larger(x[0], max0);
      if (lanes == 4) {
        max1 = eq_larger(x[1], max1);
        max2 = eq_larger(x[2], max2);
        max3 = eq_larger(x[3], max3);
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

#define POOL eq_max_pool2d_s8_scalar
#define PARAMETERS eq_max_pool2d_s8_t
#include "eq_pool_run.h"
