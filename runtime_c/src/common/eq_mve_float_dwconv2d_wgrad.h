/* dwconv2d_wgrad, MVE, for the element that was included before: eight channels at a time. */
#include "eq_dwconv2d_wgrad.h"
#include "eq_mve_float_wgrad.h"

/* The sums of `channels` (up to 8) channels under one tap; x and dy are at the first pixel inside. */
static EQ_INLINE eq_mve_float8_t sums(const eq_dwconv2d_wgrad_t *p, const ELEMENT *x, const ELEMENT *dy, int32_t rows,
                                      int32_t columns, int32_t channels) {
  eq_mve_float8_t sum = eq_mve_no_sums();
  for (; rows > 0; rows--) {
    const ELEMENT *at = x, *d = dy;
    for (int32_t i = columns; i > 0; i--) {
      const eq_mve_float8_t x8 = MVE(load)(at, channels), d8 = MVE(load_other)(d, channels);
      sum = (eq_mve_float8_t){vfmaq_f32(sum.a, x8.a, d8.a), vfmaq_f32(sum.b, x8.b, d8.b)};
      at += p->stride_w * p->in_c;
      d += p->out_c;
    }
    x += p->stride_h * p->in_w * p->in_c;
    dy += p->out_w * p->out_c;
  }
  return sum;
}

EQ_CONV2D_WGRAD_PROTOTYPE(KERNEL(dwconv2d_wgrad, mve), ELEMENT) {
  (void)scratch;
  for (int32_t ky = 0; ky < p->kernel_h; ky++) {
    const int32_t top = ky * p->dilation_h - p->pad_top;
    const eq_range_t oy = eq_outputs_inside(top, p->stride_h, p->in_h, p->out_h);
    for (int32_t kx = 0; kx < p->kernel_w; kx++) {
      const int32_t left = kx * p->dilation_w - p->pad_left;
      const eq_range_t ox = eq_outputs_inside(left, p->stride_w, p->in_w, p->out_w);
      const int32_t columns = ox.end - ox.begin, rows = columns > 0 ? oy.end - oy.begin : 0;
      const ELEMENT *from = x, *gradient = dy;
      if (rows > 0) {
        from += ((oy.begin * p->stride_h + top) * p->in_w + ox.begin * p->stride_w + left) * p->in_c;
        gradient += (oy.begin * p->out_w + ox.begin) * p->out_c;
      }
      float *const to = dw + (ky * p->kernel_w + kx) * p->in_c;
      int32_t c = range.begin;
      for (; c + EQ_MVE_FLOAT_LANES <= range.end; c += EQ_MVE_FLOAT_LANES) {
        MVE(put_sums)(to + c, sums(p, from + c, gradient + c, rows, columns, EQ_MVE_FLOAT_LANES));
      }
      if (c < range.end) {
        const int32_t channels = range.end - c;
        eq_mve_put_some(to + c, sums(p, from + c, gradient + c, rows, columns, channels), channels);
      }
    }
  }
}
