/* dwconv2d, int8, portable C. The header states the contract.
 *
 * Four channels of a pixel are computed together. The taps of a row that lie inside the image are found once a pixel,
 * so that the inner loops test no bounds; taps outside contribute zero_point * weight. */
#include "eq_dwconv2d.h"
#include "eq_inline.h"
#include "eq_window.h"

/* Where one output pixel's window lies. */
typedef struct {
  int32_t iy, ix;
  eq_taps_t kx; /* taps of a row inside the image */
} window_t;

/* Four neighbouring channels. */
typedef struct {
  int32_t c0, c1, c2, c3;
} acc_t;

/* `count` taps inside the image; returns the weights after them. `lanes` (1 or 4) is a compile-time constant. */
static EQ_INLINE const int8_t *taps_inside(acc_t *acc, const int8_t *x, const int8_t *w, int32_t count, int32_t x_step,
                                           int32_t w_step, int32_t lanes) {
  for (; count > 0; count--) {
    acc->c0 += x[0] * w[0];
    if (lanes == 4) {
      acc->c1 += x[1] * w[1];
      acc->c2 += x[2] * w[2];
      acc->c3 += x[3] * w[3];
    }
    x += x_step;
    w += w_step;
  }
  return w;
}

/* `count` taps outside the image, where every input is the zero point. */
static EQ_INLINE const int8_t *taps_outside(acc_t *acc, int32_t zero_point, const int8_t *w, int32_t count,
                                            int32_t w_step, int32_t lanes) {
  for (; count > 0; count--) {
    acc->c0 += zero_point * w[0];
    if (lanes == 4) {
      acc->c1 += zero_point * w[1];
      acc->c2 += zero_point * w[2];
      acc->c3 += zero_point * w[3];
    }
    w += w_step;
  }
  return w;
}

/* Channels c .. c+lanes-1 of one pixel. */
static EQ_INLINE void channels(const eq_dwconv2d_s8_t *p, const int8_t *input, window_t at, int32_t c, int8_t *y,
                               int32_t lanes, eq_requant_form_t form) {
  const int32_t in_c = p->in_c, kernel_w = p->kernel_w, zero_point = p->input_zero_point;
  const int32_t x_step = p->dilation_w * in_c;
  const int8_t *w = (const int8_t *)p->weights + c;
  acc_t acc = {p->bias[c], 0, 0, 0};
  if (lanes == 4) {
    acc = (acc_t){p->bias[c], p->bias[c + 1], p->bias[c + 2], p->bias[c + 3]};
  }
  int32_t iy = at.iy;
  for (int32_t ky = p->kernel_h; ky > 0; ky--, iy += p->dilation_h) {
    if (iy < 0 || iy >= p->in_h) {
      w = taps_outside(&acc, zero_point, w, kernel_w, in_c, lanes);
      continue;
    }
    const int8_t *const x = input + (iy * p->in_w + at.ix + at.kx.begin * p->dilation_w) * in_c + c;
    w = taps_outside(&acc, zero_point, w, at.kx.begin, in_c, lanes);
    w = taps_inside(&acc, x, w, at.kx.end - at.kx.begin, x_step, in_c, lanes);
    w = taps_outside(&acc, zero_point, w, kernel_w - at.kx.end, in_c, lanes);
  }
  y[0] = eq_requantize(acc.c0, c, &p->requant, form);
  if (lanes == 4) {
    y[1] = eq_requantize(acc.c1, c + 1, &p->requant, form);
    y[2] = eq_requantize(acc.c2, c + 2, &p->requant, form);
    y[3] = eq_requantize(acc.c3, c + 3, &p->requant, form);
  }
}

static EQ_INLINE void dwconv2d(const eq_dwconv2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                               eq_range_t range, eq_requant_form_t form) {
  for (int32_t pixel = range.begin; pixel < range.end; pixel++) {
    window_t at;
    at.iy = pixel / p->out_w * p->stride_h - p->pad_top;
    at.ix = pixel % p->out_w * p->stride_w - p->pad_left;
    at.kx = eq_taps_inside(at.ix, p->kernel_w, p->dilation_w, p->in_w);
    int8_t *const y = output + pixel * p->out_c;
    int32_t c = 0;
    for (; c + 4 <= p->in_c; c += 4) {
      channels(p, input, at, c, y + c, 4, form);
    }
    for (; c < p->in_c; c++) {
      channels(p, input, at, c, y + c, 1, form);
    }
  }
}

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_high_scalar) {
  (void)scratch;
  dwconv2d(p, input, output, range, EQ_REQUANT_HIGH);
}

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_shift_scalar) {
  (void)scratch;
  dwconv2d(p, input, output, range, EQ_REQUANT_SHIFT);
}

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_tflite_scalar) {
  (void)scratch;
  dwconv2d(p, input, output, range, EQ_REQUANT_TFLITE);
}

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_line_scalar) {
  (void)scratch;
  dwconv2d(p, input, output, range, EQ_REQUANT_LINE);
}

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_step_scalar) {
  (void)scratch;
  dwconv2d(p, input, output, range, EQ_REQUANT_STEP);
}
