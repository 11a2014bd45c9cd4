/* max_pool2d_gradient, portable C, for the element that was included before: for every input pixel the windows over it of
 * which it is the first largest one. */
#include "eq_inline.h"
#include "eq_pool2d_gradient.h"
#include "eq_window.h"

/* Place of the first largest pixel of a window in the image, channel 0 at x. */
static EQ_INLINE int32_t first_largest(const eq_pool2d_gradient_t *p, const ELEMENT *x, int32_t oy, int32_t ox) {
  const int32_t iy = oy * p->stride_h - p->pad_top, ix = ox * p->stride_w - p->pad_left;
  const eq_taps_t rows = eq_taps_inside(iy, p->kernel_h, p->dilation_h, p->in_h);
  const eq_taps_t columns = eq_taps_inside(ix, p->kernel_w, p->dilation_w, p->in_w);
  float largest = -EQ_FLOAT_INFINITY;
  int32_t place = -1;
  for (int32_t ky = rows.begin; ky < rows.end; ky++) {
    for (int32_t kx = columns.begin; kx < columns.end; kx++) {
      const int32_t at = (iy + ky * p->dilation_h) * p->in_w + ix + kx * p->dilation_w;
      const float value = LOAD(x + at * p->channels);
      if (place < 0 || value > largest) {
        largest = value;
        place = at;
      }
    }
  }
  return place;
}

void KERNEL(max_pool2d_gradient, scalar)(const eq_pool2d_gradient_t *p, const ELEMENT *restrict x,
                                         const ELEMENT *restrict dy, ELEMENT *restrict dx, eq_range_t range) {
  for (int32_t c = range.begin; c < range.end; c++) {
    for (int32_t pixel = 0; pixel < p->in_h * p->in_w; pixel++) {
      const int32_t iy = pixel / p->in_w + p->pad_top, ix = pixel % p->in_w + p->pad_left;
      float sum = 0.0f;
      for (int32_t ky = 0; ky < p->kernel_h; ky++) {
        const int32_t down = iy - ky * p->dilation_h;
        if (down < 0 || down % p->stride_h != 0 || down / p->stride_h >= p->out_h) {
          continue;
        }
        for (int32_t kx = 0; kx < p->kernel_w; kx++) {
          const int32_t across = ix - kx * p->dilation_w;
          if (across < 0 || across % p->stride_w != 0 || across / p->stride_w >= p->out_w) {
            continue;
          }
          const int32_t oy = down / p->stride_h, ox = across / p->stride_w;
          if (first_largest(p, x + c, oy, ox) == pixel) {
            sum += LOAD(dy + (oy * p->out_w + ox) * p->channels + c);
          }
        }
      }
      STORE(dx + pixel * p->channels + c, sum);
    }
  }
}
