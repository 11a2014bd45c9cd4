/* avg_pool2d_gradient, portable C, for the element that was included before. */
#include "eq_pool2d_gradient.h"
#include "eq_window.h"

/* How many pixels a window has inside the image along an axis. */
static int32_t inside(int32_t output, int32_t stride, int32_t pad, int32_t kernel, int32_t dilation, int32_t size) {
  const eq_taps_t taps = eq_taps_inside(output * stride - pad, kernel, dilation, size);
  return taps.end - taps.begin;
}

void KERNEL(avg_pool2d_gradient, scalar)(const eq_pool2d_gradient_t *p, const ELEMENT *restrict dy, ELEMENT *restrict dx,
                                         eq_range_t range) {
  for (int32_t pixel = range.begin * p->in_w; pixel < range.end * p->in_w; pixel++) {
    const int32_t iy = pixel / p->in_w + p->pad_top, ix = pixel % p->in_w + p->pad_left;
    for (int32_t c = 0; c < p->channels; c++) {
      float sum = 0.0f;
      for (int32_t ky = 0; ky < p->kernel_h; ky++) {
        const int32_t down = iy - ky * p->dilation_h;
        if (down < 0 || down % p->stride_h != 0 || down / p->stride_h >= p->out_h) {
          continue;
        }
        const int32_t oy = down / p->stride_h;
        const int32_t rows = inside(oy, p->stride_h, p->pad_top, p->kernel_h, p->dilation_h, p->in_h);
        for (int32_t kx = 0; kx < p->kernel_w; kx++) {
          const int32_t across = ix - kx * p->dilation_w;
          if (across < 0 || across % p->stride_w != 0 || across / p->stride_w >= p->out_w) {
            continue;
          }
          const int32_t ox = across / p->stride_w;
          const int32_t columns = inside(ox, p->stride_w, p->pad_left, p->kernel_w, p->dilation_w, p->in_w);
          sum += LOAD(dy + (oy * p->out_w + ox) * p->channels + c) / (float)(rows * columns);
        }
      }
      STORE(dx + pixel * p->channels + c, sum);
    }
  }
}
