/* dwconv2d with a kernel of at most 4x4, any stride, padding and dilation: int8, Xpulp / CORE-V. The header states the
 * contract.
 *
 * Four channels and one output column at a time. The (up to) four input columns under it are transposed into a strip:
 * for each input row and channel one word of four columns. An output is then one dot product a kernel row. With stride
 * and dilation 1 and at most three kernel columns, a word also serves the next output column, its weights one byte
 * up. */
#include "eq_dwconv2d.h"
#include "eq_xpulp.h"
#include "eq_xpulp_transpose.h"

enum {
  LANES = 4,
  SIDE = 4,       /* rows and columns of the padded kernel */
  ROW_BYTES = 16, /* four channels' words */
  SEGMENT = 32    /* outputs a strip, bounds the scratch */
};

/* The input columns of a strip, at its first row inside the image; step 0 for a column of zero points outside. */
typedef struct {
  const int8_t *x[SIDE];
  int32_t step[SIDE];
} columns_t;

static EQ_INLINE int8_t *put_row(int8_t *strip, uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  const eq_xpulp_words_t x = eq_xpulp_transpose(a, b, c, d);
  uint32_t *const words = (uint32_t *)(void *)strip;
  words[0] = x.w0;
  words[1] = x.w1;
  words[2] = x.w2;
  words[3] = x.w3;
  return strip + ROW_BYTES;
}

/* `count` rows inside the image, four channels. */
static int8_t *inside_rows(int8_t *strip, const columns_t *columns, int32_t count) {
  const int8_t *x0 = columns->x[0], *x1 = columns->x[1], *x2 = columns->x[2], *x3 = columns->x[3];
  const int32_t s0 = columns->step[0], s1 = columns->step[1], s2 = columns->step[2], s3 = columns->step[3];
  for (; count > 0; count--) {
    uint32_t a, b, c, d;
    EQ_XPULP_NEXT_BY(a, x0, s0);
    EQ_XPULP_NEXT_BY(b, x1, s1);
    EQ_XPULP_NEXT_BY(c, x2, s2);
    EQ_XPULP_NEXT_BY(d, x3, s3);
    strip = put_row(strip, a, b, c, d);
  }
  return strip;
}

/* The same for 1 to 3 channels: nothing is read beyond them. */
static int8_t *inside_rows_tail(int8_t *strip, const columns_t *columns, int32_t count, int32_t lanes) {
  for (int32_t i = 0; i < count; i++) {
    strip = put_row(strip, eq_load_tail(columns->x[0] + i * columns->step[0], lanes),
                    eq_load_tail(columns->x[1] + i * columns->step[1], lanes),
                    eq_load_tail(columns->x[2] + i * columns->step[2], lanes),
                    eq_load_tail(columns->x[3] + i * columns->step[3], lanes));
  }
  return strip;
}

/* Fills a strip of `rows` rows from input row iy, column ix, channel c on. The fourth column counts only for kernels
 * that have it, or for the neighbour of a kernel of three. */
static void fill_strip(const eq_dwconv2d_s8_t *p, const int8_t *input, int32_t iy, int32_t ix, int32_t rows, int32_t c,
                       int32_t lanes, int8_t *scratch) {
  int8_t *const outside = scratch;
  int8_t *strip = scratch + ROW_BYTES;
  const int32_t above = eq_clamp(-iy, 0, rows), below = eq_clamp(iy + rows - p->in_h, 0, rows - above);
  const int32_t row_bytes = p->in_w * p->in_c, first = iy + above;
  columns_t columns;
  for (int32_t i = 0; i < SIDE; i++) {
    const int32_t x = ix + i * p->dilation_w;
    const int32_t inside = i <= p->kernel_w && x >= 0 && x < p->in_w && first < p->in_h;
    columns.x[i] = inside ? input + first * row_bytes + x * p->in_c + c : outside;
    columns.step[i] = inside ? row_bytes : 0;
  }
  strip = eq_xpulp_fill(strip, p->input_zero_point, above * ROW_BYTES);
  if (lanes == LANES) {
    strip = inside_rows(strip, &columns, rows - above - below);
  } else {
    strip = inside_rows_tail(strip, &columns, rows - above - below, lanes);
  }
  (void)eq_xpulp_fill(strip, p->input_zero_point, below * ROW_BYTES);
}

/* A channel's constants. */
typedef struct {
  uint32_t w0, w1, w2, w3; /* a kernel row each */
  int32_t bias;
  uint32_t m;
  int32_t shift, offset;
} channel_t;

static EQ_INLINE channel_t load_channel(const eq_dwconv2d_s8_t *p, const eq_xpulp_requant_t *q, int32_t c,
                                        eq_requant_form_t form) {
  const uint32_t *const w = (const uint32_t *)p->weights + c * SIDE;
  return (channel_t){w[0],      w[1], w[2], w[3], p->bias[c], eq_xpulp_multiplier(q, c, form),
                     eq_xpulp_shift(q, c, form), eq_xpulp_offset(q, c, form)};
}

/* Where outputs go: `y` in one column and, with `two`, `z` in the next. */
typedef struct {
  int8_t *y, *z;
  int32_t step; /* to the next output row */
} target_t;

/* One output row from its three words, the weights of the second column one byte up. */
static EQ_INLINE void three_rows(const channel_t *k, uint32_t x0, uint32_t x1, uint32_t x2, int32_t two, target_t *t,
                                 eq_requant_form_t form) {
  int32_t a = eq_xcv_sdotsp_b(k->bias, x0, k->w0);
  a = eq_xcv_sdotsp_b(a, x1, k->w1);
  a = eq_xcv_sdotsp_b(a, x2, k->w2);
  if (two) {
    int32_t b = eq_xcv_sdotsp_b(k->bias, x0, k->w0 << 8);
    b = eq_xcv_sdotsp_b(b, x1, k->w1 << 8);
    b = eq_xcv_sdotsp_b(b, x2, k->w2 << 8);
    b = eq_xpulp_scale(b, k->m, k->shift, k->offset, form);
    eq_xcv_store_b_by(t->z, b, t->step);
  }
  a = eq_xpulp_scale(a, k->m, k->shift, k->offset, form);
  eq_xcv_store_b_by(t->y, a, t->step);
}

/* `count` outputs of one channel in one or two output columns: kernel of at most 3x3, strides and dilations 1, full
 * range. A word is loaded once and passes through the three kernel rows. */
static EQ_INLINE void slide_down(const eq_dwconv2d_s8_t *p, const eq_xpulp_requant_t *q, const int8_t *strip, int32_t c,
                                 int8_t *y, int32_t count, int32_t two, eq_requant_form_t form) {
  const channel_t k = load_channel(p, q, c, form);
  target_t t = {y, y + p->out_c, p->out_w * p->out_c};
  uint32_t x0 = eq_xcv_load_w(strip, ROW_BYTES), x1 = eq_xcv_load_w(strip, ROW_BYTES);
  for (; count >= 3; count -= 3) {
    const uint32_t x2 = eq_xcv_load_w(strip, ROW_BYTES);
    three_rows(&k, x0, x1, x2, two, &t, form);
    x0 = eq_xcv_load_w(strip, ROW_BYTES);
    three_rows(&k, x1, x2, x0, two, &t, form);
    x1 = eq_xcv_load_w(strip, ROW_BYTES);
    three_rows(&k, x2, x0, x1, two, &t, form);
  }
  for (; count > 0; count--) {
    const uint32_t x2 = eq_xcv_load_w(strip, ROW_BYTES);
    three_rows(&k, x0, x1, x2, two, &t, form);
    x0 = x1;
    x1 = x2;
  }
}

/* `count` outputs of one channel in one output column, any kernel and range. */
static EQ_INLINE void one_column(const eq_dwconv2d_s8_t *p, const eq_xpulp_requant_t *q, const int8_t *strip, int32_t c,
                                 int8_t *y, int32_t count, eq_requant_form_t form) {
  const channel_t k = load_channel(p, q, c, form);
  const int32_t step = ROW_BYTES * p->stride_h, tap = ROW_BYTES * p->dilation_h, y_step = p->out_w * p->out_c;
  const int32_t act_min = q->act_min, act_max = q->act_max;
  for (; count > 0; count--) {
    int32_t s = eq_xcv_sdotsp_b(k.bias, eq_xpulp_load(strip), k.w0);
    s = eq_xcv_sdotsp_b(s, eq_xpulp_load(strip + tap), k.w1);
    s = eq_xcv_sdotsp_b(s, eq_xpulp_load(strip + 2 * tap), k.w2);
    s = eq_xcv_sdotsp_b(s, eq_xpulp_load(strip + 3 * tap), k.w3);
    strip += step;
    s = eq_xcv_min(eq_xcv_max(eq_xpulp_scale(s, k.m, k.shift, k.offset, form), act_min), act_max);
    eq_xcv_store_b_by(y, s, y_step);
  }
}

static EQ_INLINE void dwconv2d(const eq_dwconv2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                               void *restrict scratch, eq_range_t range, eq_requant_form_t form) {
  const eq_xpulp_requant_t q = eq_xpulp_requant(&p->requant);
  const int8_t *const strip = (int8_t *)scratch + ROW_BYTES;
  const int32_t paired = !q.narrow && p->stride_h == 1 && p->stride_w == 1 && p->dilation_h == 1 &&
                         p->dilation_w == 1 && p->kernel_h < SIDE && p->kernel_w < SIDE;
  (void)eq_xpulp_fill(scratch, p->input_zero_point, ROW_BYTES);
  for (int32_t c = range.begin; c < range.end; c += LANES) {
    const int32_t lanes = range.end - c < LANES ? range.end - c : LANES;
    for (int32_t oy = 0; oy < p->out_h; oy += SEGMENT) {
      const int32_t count = p->out_h - oy < SEGMENT ? p->out_h - oy : SEGMENT;
      const int32_t rows = (count - 1) * p->stride_h + (SIDE - 1) * p->dilation_h + 1;
      int32_t columns;
      for (int32_t ox = 0; ox < p->out_w; ox += columns) {
        int8_t *const y = output + (oy * p->out_w + ox) * p->out_c + c;
        columns = paired && ox + 1 < p->out_w ? 2 : 1;
        fill_strip(p, input, oy * p->stride_h - p->pad_top, ox * p->stride_w - p->pad_left, rows, c, lanes, scratch);
        for (int32_t i = 0; i < lanes; i++) {
          if (columns == 2) {
            slide_down(p, &q, strip + 4 * i, c + i, y + i, count, 1, form);
          } else if (paired) {
            slide_down(p, &q, strip + 4 * i, c + i, y + i, count, 0, form);
          } else {
            one_column(p, &q, strip + 4 * i, c + i, y + i, count, form);
          }
        }
      }
    }
  }
}

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_k4x4_high_xpulp) {
  dwconv2d(p, input, output, scratch, range, EQ_REQUANT_HIGH);
}

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_k4x4_shift_xpulp) {
  dwconv2d(p, input, output, scratch, range, EQ_REQUANT_SHIFT);
}

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_k4x4_tflite_xpulp) {
  dwconv2d(p, input, output, scratch, range, EQ_REQUANT_TFLITE);
}

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_k4x4_line_xpulp) {
  dwconv2d(p, input, output, scratch, range, EQ_REQUANT_LINE);
}

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_k4x4_step_xpulp) {
  dwconv2d(p, input, output, scratch, range, EQ_REQUANT_STEP);
}
