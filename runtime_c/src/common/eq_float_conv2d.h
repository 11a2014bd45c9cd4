/* conv2d in floating point, portable C, for the element that was included before. */
#include "eq_conv2d_float.h"
#include "eq_float_block.h"
#include "eq_window.h"

/* The patch under an output pixel into every fourth place of x. */
static EQ_INLINE void gather(const RECORD(conv2d) *p, const ELEMENT *input, int32_t pixel, float *x) {
  const int32_t ix = pixel % p->out_w * p->stride_w - p->pad_left;
  const eq_taps_t columns = eq_taps_inside(ix, p->kernel_w, p->dilation_w, p->in_w);
  int32_t iy = pixel / p->out_w * p->stride_h - p->pad_top;
  for (int32_t ky = 0; ky < p->kernel_h; ky++, iy += p->dilation_h) {
    const int32_t inside = iy >= 0 && iy < p->in_h;
    for (int32_t kx = 0; kx < p->kernel_w; kx++) {
      float *const end = x + EQ_FLOAT_PIXELS * p->in_c;
      if (inside && kx >= columns.begin && kx < columns.end) {
        const ELEMENT *from = input + (iy * p->in_w + ix + kx * p->dilation_w) * p->in_c;
        for (; x != end; x += EQ_FLOAT_PIXELS) {
          *x = LOAD(from);
          from++;
        }
      } else {
        for (; x != end; x += EQ_FLOAT_PIXELS) {
          *x = 0.0f;
        }
      }
    }
  }
  if ((p->kernel_h * p->kernel_w * p->in_c & 1) != 0) {
    *x = 0.0f;
  }
}

void KERNEL(conv2d, scalar)(const RECORD(conv2d) *p, const ELEMENT *restrict input, ELEMENT *restrict output,
                            void *restrict scratch, eq_range_t range) {
  const int32_t count = p->kernel_h * p->kernel_w * p->in_c;
  const eq_range_t channels = {0, p->out_c};
  float *const x = scratch;
  for (int32_t pixel = range.begin; pixel < range.end; pixel += EQ_FLOAT_PIXELS) {
    const int32_t left = range.end - pixel;
    const int32_t pixels = left < EQ_FLOAT_PIXELS ? left : EQ_FLOAT_PIXELS;
    for (int32_t i = 0; i < pixels; i++) {
      gather(p, input, pixel + i, x + i);
    }
    eq_float_product(x, pixels, count, p->weights, p->bias, output + pixel * p->out_c, p->out_c, channels, p->act_min,
                     p->act_max);
  }
}
