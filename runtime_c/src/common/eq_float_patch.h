/* The patch under an output pixel of a convolution as float32, for the element that was included before. */
#ifndef EQ_FLOAT_PATCH_H
#define EQ_FLOAT_PATCH_H

#include "eq_conv2d_float.h"
#include "eq_inline.h"
#include "eq_window.h"

/* `count` elements, or zeros where there is no source, into every `pixels`th place of x. Returns the place behind them. */
static EQ_INLINE float *eq_float_spread(float *x, const ELEMENT *source, int32_t count, int32_t pixels) {
  if (source == NULL) {
    for (; count > 0; count--) {
      *x = 0.0f;
      x += pixels;
    }
    return x;
  }
  for (; count >= 4; count -= 4) {
    const float v0 = LOAD(source), v1 = LOAD(source + 1), v2 = LOAD(source + 2), v3 = LOAD(source + 3);
    x[0] = v0;
    x[pixels] = v1;
    x[2 * pixels] = v2;
    x[3 * pixels] = v3;
    x += 4 * pixels;
    source += 4;
  }
  for (; count > 0; count--) {
    *x = LOAD(source);
    x += pixels;
    source++;
  }
  return x;
}

/* Every `pixels`th place of x, from the first on; zeros outside the image. Returns the place behind the last. */
static EQ_INLINE float *eq_float_gather(const RECORD(conv2d) *p, const ELEMENT *input, int32_t pixel, float *x,
                                        int32_t pixels) {
  const int32_t in_c = p->in_c;
  const int32_t ix = pixel % p->out_w * p->stride_w - p->pad_left;
  const eq_taps_t columns = eq_taps_inside(ix, p->kernel_w, p->dilation_w, p->in_w);
  int32_t iy = pixel / p->out_w * p->stride_h - p->pad_top;
  for (int32_t ky = 0; ky < p->kernel_h; ky++, iy += p->dilation_h) {
    const int32_t inside = iy >= 0 && iy < p->in_h && columns.begin < columns.end;
    const int32_t begin = inside ? columns.begin : p->kernel_w, end = inside ? columns.end : p->kernel_w;
    x = eq_float_spread(x, NULL, begin * in_c, pixels);
    if (inside) {
      const ELEMENT *source = input + (iy * p->in_w + ix + begin * p->dilation_w) * in_c;
      /* the columns of a row are neighbours, unless there is a dilation */
      const int32_t together = p->dilation_w == 1 ? end - begin : 1;
      for (int32_t kx = begin; kx < end; kx += together) {
        x = eq_float_spread(x, source, together * in_c, pixels);
        source += p->dilation_w * in_c;
      }
    }
    x = eq_float_spread(x, NULL, (p->kernel_w - end) * in_c, pixels);
  }
  return x;
}

#endif
