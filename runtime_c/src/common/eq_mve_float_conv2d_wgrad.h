/* conv2d_wgrad, MVE, for the element that was included before: eight channels of x times three of dy at a time. */
#include "eq_mve_float_wgrad.h"

typedef struct {
  eq_mve_float8_t o0, o1, o2; /* by channel of dy */
} block_t;

/* The sums of `outs` (1 or 3) channels of dy over all pixels; x and dy are at the first pixel inside. */
static EQ_INLINE block_t sums(const eq_conv2d_wgrad_t *p, const ELEMENT *x, const ELEMENT *dy, int32_t rows,
                              int32_t columns, int32_t channels, int32_t outs) {
  block_t sum = {eq_mve_no_sums(), eq_mve_no_sums(), eq_mve_no_sums()};
  const int32_t x_step = p->stride_w * p->in_c, x_row = p->stride_h * p->in_w * p->in_c, dy_row = p->out_w * p->out_c;
  for (; rows > 0; rows--) {
    const ELEMENT *at = x, *d = dy;
    for (int32_t i = columns; i > 0; i--) {
      const eq_mve_float8_t x8 = MVE(load)(at, channels);
      sum.o0 = eq_mve_add8(sum.o0, LOAD(d), x8);
      if (outs > 1) {
        sum.o1 = eq_mve_add8(sum.o1, LOAD(d + 1), x8);
        sum.o2 = eq_mve_add8(sum.o2, LOAD(d + 2), x8);
      }
      at += x_step;
      d += p->out_c;
    }
    x += x_row;
    dy += dy_row;
  }
  return sum;
}

/* One channel of x times `outs` (up to 8) of dy over all pixels: for first layers, which have few channels. */
static EQ_INLINE eq_mve_float8_t narrow(const eq_conv2d_wgrad_t *p, const ELEMENT *x, const ELEMENT *dy, int32_t rows,
                                        int32_t columns, int32_t outs) {
  eq_mve_float8_t sum = eq_mve_no_sums();
  const int32_t x_step = p->stride_w * p->in_c, x_row = p->stride_h * p->in_w * p->in_c, dy_row = p->out_w * p->out_c;
  for (; rows > 0; rows--) {
    const ELEMENT *at = x, *d = dy;
    for (int32_t i = columns; i > 0; i--) {
      sum = eq_mve_add8(sum, LOAD(at), MVE(load)(d, outs));
      at += x_step;
      d += p->out_c;
    }
    x += x_row;
    dy += dy_row;
  }
  return sum;
}

static EQ_INLINE void narrow_of(const eq_conv2d_wgrad_t *p, const ELEMENT *x, const ELEMENT *dy, float *dw, int32_t rows,
                                int32_t columns) {
  const int32_t count = p->kernel_h * p->kernel_w * p->in_c;
  for (int32_t o = 0; o < p->out_c; o += EQ_MVE_FLOAT_LANES) {
    const int32_t left = p->out_c - o, outs = left < EQ_MVE_FLOAT_LANES ? left : EQ_MVE_FLOAT_LANES;
    float every[EQ_MVE_FLOAT_LANES];
    MVE(put_sums)(every, outs == EQ_MVE_FLOAT_LANES ? narrow(p, x, dy + o, rows, columns, EQ_MVE_FLOAT_LANES)
                                                    : narrow(p, x, dy + o, rows, columns, outs));
    for (int32_t i = 0; i < outs; i++) {
      dw[(o + i) * count] = every[i];
    }
  }
}

/* All channels of dy for one block of channels of x under a tap. */
static EQ_INLINE void all_of(const eq_conv2d_wgrad_t *p, const ELEMENT *x, const ELEMENT *dy, float *dw, int32_t rows,
                             int32_t columns, int32_t channels) {
  const int32_t count = p->kernel_h * p->kernel_w * p->in_c;
  int32_t o = 0;
  for (; o + 3 <= p->out_c; o += 3) {
    const block_t sum = sums(p, x, dy + o, rows, columns, channels, 3);
    eq_mve_put_some(dw + o * count, sum.o0, channels);
    eq_mve_put_some(dw + (o + 1) * count, sum.o1, channels);
    eq_mve_put_some(dw + (o + 2) * count, sum.o2, channels);
  }
  for (; o < p->out_c; o++) {
    eq_mve_put_some(dw + o * count, sums(p, x, dy + o, rows, columns, channels, 1).o0, channels);
  }
}

EQ_CONV2D_WGRAD_PROTOTYPE(KERNEL(conv2d_wgrad, mve), ELEMENT) {
  (void)scratch;
  const int32_t blocks = (p->in_c + EQ_MVE_FLOAT_LANES - 1) / EQ_MVE_FLOAT_LANES;
  for (int32_t unit = range.begin; unit < range.end; unit++) {
    const int32_t tap = unit / blocks, i = (unit - tap * blocks) * EQ_MVE_FLOAT_LANES;
    const int32_t ky = tap / p->kernel_w, kx = tap - ky * p->kernel_w;
    const int32_t top = ky * p->dilation_h - p->pad_top, left = kx * p->dilation_w - p->pad_left;
    const eq_range_t oy = eq_outputs_inside(top, p->stride_h, p->in_h, p->out_h);
    const eq_range_t ox = eq_outputs_inside(left, p->stride_w, p->in_w, p->out_w);
    const int32_t columns = ox.end - ox.begin, rows = columns > 0 ? oy.end - oy.begin : 0;
    const ELEMENT *from = x, *gradient = dy;
    if (rows > 0) {
      from += ((oy.begin * p->stride_h + top) * p->in_w + ox.begin * p->stride_w + left) * p->in_c + i;
      gradient += (oy.begin * p->out_w + ox.begin) * p->out_c;
    }
    float *const to = dw + tap * p->in_c + i;
    if (p->in_c - i >= EQ_MVE_FLOAT_LANES) {
      all_of(p, from, gradient, to, rows, columns, EQ_MVE_FLOAT_LANES);
    } else if (p->in_c < 4) {
      for (int32_t c = 0; c < p->in_c; c++) {
        narrow_of(p, from + c, gradient, to + c, rows, columns);
      }
    } else {
      all_of(p, from, gradient, to, rows, columns, p->in_c - i);
    }
  }
}
