/* dwconv2d_wgrad, portable C, for the element that was included before. */
#include "eq_dwconv2d_wgrad.h"
#include "eq_outputs_inside.h"

/* The sums of `lanes` (1 or 4) channels under one tap; x and dy are at the first pixel inside. */
static EQ_INLINE eq_float4_t sums(const eq_dwconv2d_wgrad_t *p, const ELEMENT *x, const ELEMENT *dy, int32_t rows,
                                  int32_t columns, int32_t lanes) {
  eq_float4_t sum = {0.0f, 0.0f, 0.0f, 0.0f};
  for (; rows > 0; rows--) {
    const ELEMENT *at = x, *d = dy;
    for (int32_t i = columns; i > 0; i--) {
      if (lanes > 1) {
        const eq_float4_t x4 = LOAD4(at), d4 = LOAD4(d);
        sum.v0 = eq_fma(d4.v0, x4.v0, sum.v0);
        sum.v1 = eq_fma(d4.v1, x4.v1, sum.v1);
        sum.v2 = eq_fma(d4.v2, x4.v2, sum.v2);
        sum.v3 = eq_fma(d4.v3, x4.v3, sum.v3);
      } else {
        sum.v0 = eq_fma(LOAD(d), LOAD(at), sum.v0);
      }
      at += p->stride_w * p->in_c;
      d += p->out_c;
    }
    x += p->stride_h * p->in_w * p->in_c;
    dy += p->out_w * p->out_c;
  }
  return sum;
}

EQ_CONV2D_WGRAD_PROTOTYPE(KERNEL(dwconv2d_wgrad, scalar), ELEMENT) {
  (void)scratch;
  const int32_t aligned = (p->in_c & 1) == 0;
  for (int32_t ky = 0; ky < p->kernel_h; ky++) {
    const int32_t top = ky * p->dilation_h - p->pad_top;
    const eq_range_t oy = eq_outputs_inside(top, p->stride_h, p->in_h, p->out_h);
    for (int32_t kx = 0; kx < p->kernel_w; kx++) {
      const int32_t left = kx * p->dilation_w - p->pad_left;
      const eq_range_t ox = eq_outputs_inside(left, p->stride_w, p->in_w, p->out_w);
      const int32_t rows = ox.end > ox.begin ? oy.end - oy.begin : 0, columns = ox.end - ox.begin;
      const ELEMENT *from = x, *gradient = dy;
      if (rows > 0) {
        from += ((oy.begin * p->stride_h + top) * p->in_w + ox.begin * p->stride_w + left) * p->in_c;
        gradient += (oy.begin * p->out_w + ox.begin) * p->out_c;
      }
      float *const to = dw + (ky * p->kernel_w + kx) * p->in_c;
      int32_t c = range.begin;
      if (aligned) { /* four neighbours are aligned as LOAD4 wants them */
        for (; c + 4 <= range.end; c += 4) {
          const eq_float4_t sum = sums(p, from + c, gradient + c, rows, columns, 4);
          to[c] = sum.v0;
          to[c + 1] = sum.v1;
          to[c + 2] = sum.v2;
          to[c + 3] = sum.v3;
        }
      }
      for (; c < range.end; c++) {
        to[c] = sums(p, from + c, gradient + c, rows, columns, 1).v0;
      }
    }
  }
}
