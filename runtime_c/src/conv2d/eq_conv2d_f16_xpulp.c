/* conv2d, FP16 storage, Xpulp with smallfloat. The header states the contract, eq_xpulp_f16.h the matrix product. */
#include "eq_conv2d_float.h"
#include "eq_window.h"
#include "eq_xpulp_f16.h"

/* The patch under an output pixel, into the places of one of four pixels. */
static EQ_INLINE void gather(const eq_conv2d_f16_t *p, const eq_f16_t *input, int32_t pixel, eq_f16_t *x) {
  const int32_t ix = pixel % p->out_w * p->stride_w - p->pad_left;
  const eq_taps_t columns = eq_taps_inside(ix, p->kernel_w, p->dilation_w, p->in_w);
  const int32_t together = p->dilation_w == 1; /* the columns of a row are neighbours */
  int32_t iy = pixel / p->out_w * p->stride_h - p->pad_top, at = 0;
  for (int32_t ky = 0; ky < p->kernel_h; ky++, iy += p->dilation_h) {
    const int32_t inside = iy >= 0 && iy < p->in_h;
    const int32_t begin = inside ? columns.begin : p->kernel_w, end = inside ? columns.end : p->kernel_w;
    eq_spread_pairs(x, at, NULL, begin * p->in_c);
    if (begin < end) {
      const eq_f16_t *source = input + (iy * p->in_w + ix + begin * p->dilation_w) * p->in_c;
      const int32_t run = together ? (end - begin) * p->in_c : p->in_c;
      for (int32_t kx = begin; kx < end; kx += together ? end - begin : 1) {
        eq_spread_pairs(x, at + kx * p->in_c, source, run);
        source += p->dilation_w * p->in_c;
      }
    }
    eq_spread_pairs(x, at + end * p->in_c, NULL, (p->kernel_w - end) * p->in_c);
    at += p->kernel_w * p->in_c;
  }
  eq_spread_pairs(x, at, NULL, eq_xpulp_whole_f16(at) - at);
}

EQ_CONV2D_F16_PROTOTYPE(eq_conv2d_f16_xpulp) {
  const int32_t whole = eq_xpulp_whole_f16(p->kernel_h * p->kernel_w * p->in_c);
  const eq_range_t channels = {0, p->out_c};
  eq_f16_t *const x = scratch;
  for (int32_t pixel = range.begin; pixel < range.end; pixel += EQ_XPULP_F16_PIXELS) {
    const int32_t left = range.end - pixel;
    const int32_t pixels = left < EQ_XPULP_F16_PIXELS ? left : EQ_XPULP_F16_PIXELS;
    for (int32_t i = 0; i < pixels; i++) {
      gather(p, input, pixel + i, x + 2 * i);
    }
    eq_xpulp_product_f16(x, pixels, whole, p->weights, p->bias, output + pixel * p->out_c, p->out_c, channels,
                         p->act_min, p->act_max);
  }
}
