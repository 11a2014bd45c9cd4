/* conv2d_igrad, portable C, for the element that was included before: the patches of four pixels of a phase, then the
 * matrix product of the forward kernels. */
#include "eq_conv2d_igrad.h"
#include "eq_float_block.h"
#include "eq_phase.h"

/* What lies under the taps of the pixel at iy, ix (padding added), into every fourth place of x. */
static EQ_INLINE float *gather(const RECORD(conv2d_igrad) *p, const ELEMENT *dy, int32_t iy, int32_t ix, float *x) {
  for (int32_t ky = 0; ky < p->kernel_h; ky++) {
    const int32_t down = iy - ky * p->dilation_h;
    if (down % p->stride_h != 0) {
      continue;
    }
    for (int32_t kx = 0; kx < p->kernel_w; kx++) {
      const int32_t across = ix - kx * p->dilation_w;
      if (across % p->stride_w != 0) {
        continue;
      }
      const int32_t oy = down / p->stride_h, ox = across / p->stride_w;
      const int32_t inside = down >= 0 && across >= 0 && oy < p->out_h && ox < p->out_w;
      const ELEMENT *from = dy + (inside ? (oy * p->out_w + ox) * p->out_c : 0);
      for (int32_t o = 0; o < p->out_c; o++) {
        *x = inside ? LOAD(from + o) : 0.0f;
        x += EQ_FLOAT_PIXELS;
      }
    }
  }
  return x;
}

void KERNEL(conv2d_igrad, scalar)(const RECORD(conv2d_igrad) *p, const ELEMENT *restrict dy, ELEMENT *restrict dx,
                                  void *restrict scratch, eq_range_t range) {
  const eq_range_t channels = {0, p->in_c};
  const int32_t padded = (p->in_c + EQ_FLOAT_LANES - 1) & ~(EQ_FLOAT_LANES - 1);
  float *const zeros = scratch, *const x = zeros + padded;
  for (int32_t i = 0; i < padded; i++) {
    zeros[i] = 0.0f;
  }
  for (int32_t row = range.begin; row < range.end; row++) {
    const int32_t iy = row + p->pad_top;
    const ELEMENT *weights = p->weights;
    for (int32_t phase_y = 0; phase_y < p->stride_h; phase_y++) {
      const int32_t down = eq_phase_taps(phase_y, p->kernel_h, p->dilation_h, p->stride_h);
      for (int32_t phase_x = 0; phase_x < p->stride_w; phase_x++) {
        const int32_t count = down * eq_phase_taps(phase_x, p->kernel_w, p->dilation_w, p->stride_w) * p->out_c;
        const ELEMENT *const own = weights;
        weights += padded * eq_float_even(count);
        if (iy % p->stride_h != phase_y) {
          continue;
        }
        const int32_t step = EQ_FLOAT_PIXELS * p->stride_w;
        int32_t first = (phase_x - p->pad_left) % p->stride_w;
        first += first < 0 ? p->stride_w : 0;
        for (int32_t column = first; column < p->in_w; column += step) {
          const int32_t left = (p->in_w - column + p->stride_w - 1) / p->stride_w;
          const int32_t pixels = left < EQ_FLOAT_PIXELS ? left : EQ_FLOAT_PIXELS;
          for (int32_t i = 0; i < pixels; i++) {
            float *const end = gather(p, dy, iy, column + i * p->stride_w + p->pad_left, x + i);
            if ((count & 1) != 0) {
              *end = 0.0f;
            }
          }
          eq_float_product(x, pixels, count, own, zeros, dx + (row * p->in_w + column) * p->in_c, p->stride_w * p->in_c,
                           channels, -EQ_FLOAT_INFINITY, EQ_FLOAT_INFINITY);
        }
      }
    }
  }
}
