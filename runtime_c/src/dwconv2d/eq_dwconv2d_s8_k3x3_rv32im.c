/* dwconv2d 3x3, dilation 1, int8, plain RV32IM (no SIMD). The header states the contract.
 *
 * Four channels at a time are copied into planes of their own, padded and turned so that the pixels of a column lie
 * side by side. Then every channel keeps its nine weights in registers and walks along the columns, two output rows at
 * once: each input byte is loaded once for six products. Tall images are done in bands of rows. */
#include "eq_dwconv2d.h"
#include "eq_memory.h"
#include "eq_rv32im_requant.h"
#include "eq_window.h"

/* Output rows of a band, and bytes of a column of the band with stride 1: a constant, to save a register. */
enum { BAND = 32, COLUMN = BAND + 4, CHANNELS = 4 };

/* The planes of one band: `columns` columns of `rows` bytes each, `pitch` bytes from one to the next, `bytes` from one
 * channel's plane to the next. */
typedef struct {
  int8_t *data;
  int32_t rows, columns, pitch, bytes;
} planes_t;

/* What the loops over one channel need. */
typedef struct {
  int32_t w00, w01, w02, w10, w11, w12, w20, w21, w22;
  uint32_t bias;
  eq_scale_t scale;
  eq_output_t out;
} channel_t;

/* One column of two output rows. */
typedef struct {
  uint32_t upper, lower;
} column_t;

/* Copies `count` channels of the band whose first input row is iy; what lies outside the image is left as it is. */
static void fill_planes(const eq_dwconv2d_s8_t *p, const int8_t *input, int32_t iy, planes_t planes, int32_t count) {
  const int32_t in_c = p->in_c, bytes = planes.bytes, step = p->in_w * in_c;
  const int32_t words = count == CHANNELS && (((uintptr_t)input | (uintptr_t)in_c) & 3u) == 0;
  const eq_taps_t x = eq_taps_inside(-p->pad_left, planes.columns, 1, p->in_w);
  const eq_taps_t y = eq_taps_inside(iy, planes.rows, 1, p->in_h);
  if (y.begin == y.end) {
    return;
  }
  for (int32_t i = x.begin; i < x.end; i++) {
    const int8_t *from = input + ((iy + y.begin) * p->in_w + i - p->pad_left) * in_c;
    int8_t *to = planes.data + i * planes.pitch + y.begin;
    int8_t *const end = to + (y.end - y.begin);
    for (; words && to < end; to++) {
      uint32_t v;
      __builtin_memcpy(&v, __builtin_assume_aligned(from, 4), 4);
      to[0] = (int8_t)v;
      to[bytes] = (int8_t)(v >> 8);
      to[2 * bytes] = (int8_t)(v >> 16);
      to[3 * bytes] = (int8_t)(v >> 24);
      from += step;
    }
    for (; to < end; to++) {
      for (int32_t c = 0; c < count; c++) {
        to[c * bytes] = from[c];
      }
      from += step;
    }
  }
}

/* One byte of an input column: its products in one output row, for the `parts` newest of the three output columns. */
static EQ_INLINE void taps(int32_t v, int32_t left, int32_t middle, int32_t right, uint32_t *last, uint32_t *centre,
                           uint32_t *next, int32_t parts) {
  *next += (uint32_t)(v * left);
  if (parts > 1) {
    *centre += (uint32_t)(v * middle);
  }
  if (parts > 2) {
    *last += (uint32_t)(v * right);
  }
}

/* One input column of four rows: right taps of `last`, which is complete then, middle taps of `centre`, left ones of
 * `next`, which begins with the bias. `parts` is 3, less where `last` or both `last` and `centre` are not wanted. */
static EQ_INLINE void column(const channel_t *k, const int8_t *x, column_t *last, column_t *centre, column_t *next,
                             int32_t parts) {
  next->upper = next->lower = k->bias;
  int32_t v = x[0];
  taps(v, k->w00, k->w01, k->w02, &last->upper, &centre->upper, &next->upper, parts);
  v = x[1];
  taps(v, k->w10, k->w11, k->w12, &last->upper, &centre->upper, &next->upper, parts);
  taps(v, k->w00, k->w01, k->w02, &last->lower, &centre->lower, &next->lower, parts);
  EQ_PIN4(next->upper, next->lower, centre->upper, centre->lower);
  v = x[2];
  taps(v, k->w20, k->w21, k->w22, &last->upper, &centre->upper, &next->upper, parts);
  taps(v, k->w10, k->w11, k->w12, &last->lower, &centre->lower, &next->lower, parts);
  EQ_PIN4(next->upper, next->lower, centre->upper, centre->lower);
  v = x[3];
  taps(v, k->w20, k->w21, k->w22, &last->lower, &centre->lower, &next->lower, parts);
  EQ_PIN4(next->lower, centre->lower, last->upper, last->lower);
}

/* Two output rows, stride 1. y is the channel in the upper row's first pixel. */
static EQ_INLINE void row_pair(const channel_t *k, const int8_t *x, int8_t *y, int32_t y_row, int32_t y_step,
                               int32_t width, eq_requant_form_t form) {
  const int8_t *const end = x + width * COLUMN;
  column_t s = {0, 0}, t = {0, 0}, u = {0, 0};
  column(k, x, &s, &t, &u, 1);
  column(k, x + COLUMN, &t, &u, &s, 2);
  for (;;) {
    column(k, x + 2 * COLUMN, &u, &s, &t, 3);
    y[0] = eq_requantize_rv32im(u.upper, k->scale, k->out, form);
    y[y_row] = eq_requantize_rv32im(u.lower, k->scale, k->out, form);
    y += y_step;
    x += COLUMN;
    if (x == end) {
      break;
    }
    column(k, x + 2 * COLUMN, &s, &t, &u, 3);
    y[0] = eq_requantize_rv32im(s.upper, k->scale, k->out, form);
    y[y_row] = eq_requantize_rv32im(s.lower, k->scale, k->out, form);
    y += y_step;
    x += COLUMN;
    if (x == end) {
      break;
    }
    column(k, x + 2 * COLUMN, &t, &u, &s, 3);
    y[0] = eq_requantize_rv32im(t.upper, k->scale, k->out, form);
    y[y_row] = eq_requantize_rv32im(t.lower, k->scale, k->out, form);
    y += y_step;
    x += COLUMN;
    if (x == end) {
      break;
    }
  }
}

/* One output row, any stride. */
static EQ_INLINE void single_row(const channel_t *k, const int8_t *x, int32_t pitch, int32_t stride_w, int8_t *y,
                                 int32_t y_step, int32_t width, eq_requant_form_t form) {
  for (; width > 0; width--) {
    const int8_t *const middle = x + pitch, *const right = middle + pitch;
    const int32_t acc = x[0] * k->w00 + x[1] * k->w10 + x[2] * k->w20 + middle[0] * k->w01 + middle[1] * k->w11 +
                        middle[2] * k->w21 + right[0] * k->w02 + right[1] * k->w12 + right[2] * k->w22;
    *y = eq_requantize_rv32im(k->bias + (uint32_t)acc, k->scale, k->out, form);
    x += stride_w * pitch;
    y += y_step;
  }
}

/* `height` output rows of one channel; y is the channel in the band's first pixel. */
static EQ_INLINE void channel_rows(const eq_dwconv2d_s8_t *p, int32_t c, const int8_t *plane, int32_t pitch, int8_t *y,
                                   int32_t height, eq_requant_form_t form) {
  const int8_t *const w = (const int8_t *)p->weights + 9 * c;
  const channel_t k = {w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], (uint32_t)p->bias[c],
                       eq_scale_of(&p->requant, c, form), eq_output_of(&p->requant, form)};
  const int32_t out_c = p->out_c, out_w = p->out_w, y_row = out_w * out_c;
  if (p->stride_h != 1 || p->stride_w != 1 || height == 1) {
    for (int32_t r = 0; r < height; r++) {
      single_row(&k, plane + r * p->stride_h, pitch, p->stride_w, y + r * y_row, out_c, out_w, form);
    }
    return;
  }
  for (int32_t r = 0; r < height; r += 2) {
    /* The last pair of an odd number of rows repeats a row. */
    const int32_t at = r + 2 <= height ? r : height - 2;
    row_pair(&k, plane + at, y + at * y_row, y_row, out_c, out_w, form);
  }
}

static EQ_INLINE void dwconv2d(const eq_dwconv2d_s8_t *p, const int8_t *input, int8_t *output, void *scratch,
                               eq_range_t range, eq_requant_form_t form) {
  for (int32_t oy = 0; oy < p->out_h; oy += BAND) {
    const int32_t height = p->out_h - oy < BAND ? p->out_h - oy : BAND;
    planes_t planes = {scratch, (height - 1) * p->stride_h + 3, (p->out_w - 1) * p->stride_w + 3, 0, 0};
    planes.pitch = p->stride_h == 1 ? COLUMN : planes.rows;
    planes.bytes = planes.pitch * planes.columns;
    /* Taps outside the image are zero points in every channel. */
    memset(planes.data, p->input_zero_point, (size_t)(CHANNELS * planes.bytes));
    for (int32_t c = range.begin; c < range.end; c += CHANNELS) {
      const int32_t count = range.end - c < CHANNELS ? range.end - c : CHANNELS;
      fill_planes(p, input + c, oy * p->stride_h - p->pad_top, planes, count);
      for (int32_t i = 0; i < count; i++) {
        channel_rows(p, c + i, planes.data + i * planes.bytes, planes.pitch, output + oy * p->out_w * p->out_c + c + i,
                     height, form);
      }
    }
  }
}

EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_dwconv2d_s8_k3x3_high_rv32im) {
  dwconv2d(p, input, output, scratch, range, EQ_REQUANT_HIGH);
}

EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_dwconv2d_s8_k3x3_shift_rv32im) {
  dwconv2d(p, input, output, scratch, range, EQ_REQUANT_SHIFT);
}

EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_dwconv2d_s8_k3x3_tflite_rv32im) {
  dwconv2d(p, input, output, scratch, range, EQ_REQUANT_TFLITE);
}

EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_dwconv2d_s8_k3x3_line_rv32im) {
  dwconv2d(p, input, output, scratch, range, EQ_REQUANT_LINE);
}

EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_dwconv2d_s8_k3x3_step_rv32im) {
  dwconv2d(p, input, output, scratch, range, EQ_REQUANT_STEP);
}
