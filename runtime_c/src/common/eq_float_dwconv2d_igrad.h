/* dwconv2d_igrad, portable C, for the element that was included before. */
#include "eq_dwconv2d_igrad.h"
#include "eq_inline.h"

/* `lanes` (1 or 4) channels from c on of the pixel at iy, ix (padding added). */
static EQ_INLINE void channels_of(const RECORD(dwconv2d_igrad) *p, const ELEMENT *dy, int32_t iy, int32_t ix, int32_t c,
                                  ELEMENT *dx, int32_t lanes) {
  eq_float4_t sum = {0.0f, 0.0f, 0.0f, 0.0f};
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
      const ELEMENT *const d = dy + (down / p->stride_h * p->out_w + across / p->stride_w) * p->in_c + c;
      const ELEMENT *const w = p->weights + (ky * p->kernel_w + kx) * p->in_c + c;
      if (lanes > 1) {
        const eq_float4_t d4 = LOAD4(d), w4 = LOAD4(w);
        sum.v0 = eq_fma(d4.v0, w4.v0, sum.v0);
        sum.v1 = eq_fma(d4.v1, w4.v1, sum.v1);
        sum.v2 = eq_fma(d4.v2, w4.v2, sum.v2);
        sum.v3 = eq_fma(d4.v3, w4.v3, sum.v3);
      } else {
        sum.v0 = eq_fma(LOAD(d), LOAD(w), sum.v0);
      }
    }
  }
  STORE(dx, sum.v0);
  if (lanes > 1) {
    STORE(dx + 1, sum.v1);
    STORE(dx + 2, sum.v2);
    STORE(dx + 3, sum.v3);
  }
}

void KERNEL(dwconv2d_igrad, scalar)(const RECORD(dwconv2d_igrad) *p, const ELEMENT *restrict dy, ELEMENT *restrict dx,
                                    eq_range_t range) {
  for (int32_t pixel = range.begin * p->in_w; pixel < range.end * p->in_w; pixel++) {
    const int32_t iy = pixel / p->in_w + p->pad_top, ix = pixel % p->in_w + p->pad_left;
    ELEMENT *const to = dx + pixel * p->in_c;
    int32_t c = 0;
    if ((p->in_c & 1) == 0) { /* four neighbours are aligned as LOAD4 wants them */
      for (; c + 4 <= p->in_c; c += 4) {
        channels_of(p, dy, iy, ix, c, to + c, 4);
      }
    }
    for (; c < p->in_c; c++) {
      channels_of(p, dy, iy, ix, c, to + c, 1);
    }
  }
}
