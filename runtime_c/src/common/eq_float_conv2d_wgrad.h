/* conv2d_wgrad, portable C, for the element that was included before: four channels of x times four of dy at a
 * time. */
#include "eq_conv2d_wgrad.h"
#include "eq_inline.h"
#include "eq_outputs_inside.h"

typedef struct {
  eq_float4_t o0, o1, o2, o3; /* by channel of dy */
} block_t;

static EQ_INLINE eq_float4_t add4(eq_float4_t sum, float d, eq_float4_t x) {
  sum.v0 = eq_fma(d, x.v0, sum.v0);
  sum.v1 = eq_fma(d, x.v1, sum.v1);
  sum.v2 = eq_fma(d, x.v2, sum.v2);
  sum.v3 = eq_fma(d, x.v3, sum.v3);
  return sum;
}

static EQ_INLINE void put(float *dw, eq_float4_t sum, int32_t lanes) {
  dw[0] = sum.v0;
  if (lanes > 1) {
    dw[1] = sum.v1;
  }
  if (lanes > 2) {
    dw[2] = sum.v2;
  }
  if (lanes > 3) {
    dw[3] = sum.v3;
  }
}

/* `lanes` neighbours, zeros behind them. */
static EQ_INLINE eq_float4_t some(const ELEMENT *x, int32_t lanes) {
  const eq_float4_t y = {LOAD(x), lanes > 1 ? LOAD(x + 1) : 0.0f, lanes > 2 ? LOAD(x + 2) : 0.0f,
                         lanes > 3 ? LOAD(x + 3) : 0.0f};
  return y;
}

/* The sums of one block over all pixels; x and dy are at the first pixel inside. `whole`: both have four channels, at
 * addresses that LOAD4 takes. */
static EQ_INLINE block_t sums(const eq_conv2d_wgrad_t *p, const ELEMENT *x, const ELEMENT *dy, int32_t rows,
                              int32_t columns, int32_t in_lanes, int32_t out_lanes, int32_t whole) {
  const eq_float4_t zero = {0.0f, 0.0f, 0.0f, 0.0f};
  block_t sum = {zero, zero, zero, zero};
  const int32_t x_step = p->stride_w * p->in_c, x_row = p->stride_h * p->in_w * p->in_c, dy_row = p->out_w * p->out_c;
  for (; rows > 0; rows--) {
    const ELEMENT *at = x, *d = dy;
    for (int32_t i = columns; i > 0; i--) {
      const eq_float4_t x4 = whole ? LOAD4(at) : some(at, in_lanes);
      const eq_float4_t d4 = whole ? LOAD4(d) : some(d, out_lanes);
      sum.o0 = add4(sum.o0, d4.v0, x4);
      sum.o1 = add4(sum.o1, d4.v1, x4);
      sum.o2 = add4(sum.o2, d4.v2, x4);
      sum.o3 = add4(sum.o3, d4.v3, x4);
      at += x_step;
      d += p->out_c;
    }
    x += x_row;
    dy += dy_row;
  }
  return sum;
}

/* One channel of x times four of dy, at addresses that LOAD4 takes: for first layers, which have few channels. */
static EQ_INLINE eq_float4_t narrow(const eq_conv2d_wgrad_t *p, const ELEMENT *x, const ELEMENT *dy, int32_t rows,
                                    int32_t columns) {
  eq_float4_t sum = {0.0f, 0.0f, 0.0f, 0.0f};
  const int32_t x_step = p->stride_w * p->in_c, x_row = p->stride_h * p->in_w * p->in_c, dy_row = p->out_w * p->out_c;
  for (; rows > 0; rows--) {
    const ELEMENT *at = x, *d = dy;
    for (int32_t i = columns; i > 0; i--) {
      sum = add4(sum, LOAD(at), LOAD4(d));
      at += x_step;
      d += p->out_c;
    }
    x += x_row;
    dy += dy_row;
  }
  return sum;
}

EQ_CONV2D_WGRAD_PROTOTYPE(KERNEL(conv2d_wgrad, scalar), ELEMENT) {
  (void)scratch;
  const int32_t blocks = (p->in_c + 3) / 4, count = p->kernel_h * p->kernel_w * p->in_c;
  const int32_t aligned = (p->in_c & 1) == 0 && (p->out_c & 1) == 0;
  for (int32_t unit = range.begin; unit < range.end; unit++) {
    const int32_t tap = unit / blocks, i = unit % blocks * 4;
    const int32_t ky = tap / p->kernel_w, kx = tap % p->kernel_w;
    const int32_t top = ky * p->dilation_h - p->pad_top, left = kx * p->dilation_w - p->pad_left;
    const eq_range_t oy = eq_outputs_inside(top, p->stride_h, p->in_h, p->out_h);
    const eq_range_t ox = eq_outputs_inside(left, p->stride_w, p->in_w, p->out_w);
    const int32_t rows = ox.end > ox.begin ? oy.end - oy.begin : 0, columns = ox.end - ox.begin;
    const ELEMENT *from = x, *gradient = dy;
    if (rows > 0) {
      from += ((oy.begin * p->stride_h + top) * p->in_w + ox.begin * p->stride_w + left) * p->in_c + i;
      gradient += (oy.begin * p->out_w + ox.begin) * p->out_c;
    }
    const int32_t in_lanes = p->in_c - i < 4 ? p->in_c - i : 4;
    for (int32_t o = 0; o < p->out_c; o += 4) {
      const int32_t out_lanes = p->out_c - o < 4 ? p->out_c - o : 4;
      if (in_lanes < 4 && out_lanes == 4 && (p->out_c & 1) == 0) {
        for (int32_t c = 0; c < in_lanes; c++) {
          const eq_float4_t sum = narrow(p, from + c, gradient + o, rows, columns);
          float *const to = dw + o * count + tap * p->in_c + i + c;
          to[0] = sum.v0;
          to[count] = sum.v1;
          to[2 * count] = sum.v2;
          to[3 * count] = sum.v3;
        }
        continue;
      }
      block_t sum;
      if (aligned && in_lanes == 4 && out_lanes == 4) {
        sum = sums(p, from, gradient + o, rows, columns, 4, 4, 1);
      } else {
        sum = sums(p, from, gradient + o, rows, columns, in_lanes, out_lanes, 0);
      }
      float *const to = dw + o * count + tap * p->in_c + i;
      put(to, sum.o0, in_lanes);
      if (out_lanes > 1) {
        put(to + count, sum.o1, in_lanes);
      }
      if (out_lanes > 2) {
        put(to + 2 * count, sum.o2, in_lanes);
      }
      if (out_lanes > 3) {
        put(to + 3 * count, sum.o3, in_lanes);
      }
    }
  }
}
