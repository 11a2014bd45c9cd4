/* Depthwise kernels for any geometry: one pointer a tap. A tap outside the image points to a row of zero points, so
 * that the loops over channels know nothing of borders. */
#ifndef EQ_TAPS_H
#define EQ_TAPS_H

#include "eq_dwconv2d.h"
#include "eq_inline.h"
#include "eq_window.h"

/* Fills taps[kernel_h * kernel_w] for one output pixel. `outside` has in_c bytes of zero points. */
static EQ_INLINE void eq_find_taps(const eq_dwconv2d_s8_t *p, const int8_t *input, int32_t pixel, const int8_t *outside,
                                   const int8_t **taps) {
  const int32_t ix = pixel % p->out_w * p->stride_w - p->pad_left;
  const eq_taps_t kx = eq_taps_inside(ix, p->kernel_w, p->dilation_w, p->in_w);
  const int32_t step = p->dilation_w * p->in_c;
  int32_t iy = pixel / p->out_w * p->stride_h - p->pad_top;
  for (int32_t ky = p->kernel_h; ky > 0; ky--, iy += p->dilation_h) {
    const int32_t row_inside = iy >= 0 && iy < p->in_h;
    const int32_t begin = row_inside ? kx.begin : 0, end = row_inside ? kx.end : 0;
    const int8_t *x = input;
    int32_t i = 0;
    if (begin < end) {
      x += (iy * p->in_w + ix + begin * p->dilation_w) * p->in_c;
    }
    for (; i < begin; i++) {
      *taps++ = outside;
    }
    for (; i < end; i++) {
      *taps++ = x;
      x += step;
    }
    for (; i < p->kernel_w; i++) {
      *taps++ = outside;
    }
  }
}

#endif
