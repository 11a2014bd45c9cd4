/* avg_pool2d, int8, portable C. The header states the contract. */
#include "eq_avg_pool2d.h"

#include "eq_inline.h"
#include "eq_requant.h"

/* The part of a window that lies inside the image. */
typedef struct {
  const int8_t *first; /* channel 0 of its first pixel */
  int32_t rows, width;
  int32_t row_step; /* bytes from behind a row of it to the next */
} window_t;

static EQ_INLINE window_t window_at(const eq_avg_pool2d_s8_t *p, const int8_t *input, int32_t pixel) {
  const int32_t iy = pixel / p->out_w * p->stride_h - p->pad_top;
  const int32_t ix = pixel % p->out_w * p->stride_w - p->pad_left;
  const int32_t y_begin = eq_clamp(iy, 0, p->in_h), y_end = eq_clamp(iy + p->kernel_h, 0, p->in_h);
  const int32_t x_begin = eq_clamp(ix, 0, p->in_w), x_end = eq_clamp(ix + p->kernel_w, 0, p->in_w);
  window_t w;
  w.first = input + (y_begin * p->in_w + x_begin) * p->channels;
  w.rows = y_end - y_begin;
  w.width = x_end - x_begin;
  w.row_step = (p->in_w - w.width) * p->channels;
  return w;
}

static EQ_INLINE int8_t mean_of(const eq_avg_pool2d_s8_t *p, int32_t acc, int32_t count) {
  const int32_t half = count / 2, sum = acc + p->offset * count;
  return (int8_t)eq_clamp((sum >= 0 ? sum + half : sum - half) / count - p->offset, p->act_min, p->act_max);
}

/* `lanes` (1 or 4) channels from `c` on of one pixel: one address computation for four sums. */
static EQ_INLINE void channels_of(const eq_avg_pool2d_s8_t *p, window_t w, int32_t c, int8_t *y, int32_t lanes) {
  const int32_t channels = p->channels;
  const int8_t *x = w.first + c;
  int32_t acc0 = 0, acc1 = 0, acc2 = 0, acc3 = 0;
  for (int32_t r = w.rows; r > 0; r--) {
    for (int32_t i = w.width; i > 0; i--) {
      acc0 += x[0];
      if (lanes == 4) {
        acc1 += x[1];
        acc2 += x[2];
        acc3 += x[3];
      }
      x += channels;
    }
    x += w.row_step;
  }
  const int32_t count = w.rows * w.width;
  y[0] = mean_of(p, acc0, count);
  if (lanes == 4) {
    y[1] = mean_of(p, acc1, count);
    y[2] = mean_of(p, acc2, count);
    y[3] = mean_of(p, acc3, count);
  }
}

#define POOL eq_avg_pool2d_s8_scalar
#define PARAMETERS eq_avg_pool2d_s8_t
#include "eq_pool_run.h"
