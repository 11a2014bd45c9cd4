/* dwconv2d 3x3, dilation 1, any stride and padding: int8, Armv7E-M DSP. The header states the contract.
 *
 * Four channels and one output column at a time. The three input columns under it are widened into a strip: for each
 * input row and channel a word with the first two columns, which SMLAD takes, and a word with the third. The outputs
 * of a channel then run down the strip with the nine weights in five registers. */
#include "eq_dsp.h"
#include "eq_dwconv2d.h"

enum { LANES = 4, SEGMENT = 32 /* outputs a strip, bounds the scratch */ };

/* One input row of one channel. */
typedef struct {
  uint32_t pair; /* columns 0 and 1 */
  uint32_t last; /* column 2 in the bottom half; the top half is never used */
} row_t;

/* The three input columns of a strip: step 0 for a column of zero points outside the image. */
typedef struct {
  const int8_t *x[3];
  int32_t step[3];
} columns_t;

static EQ_INLINE uint32_t load_lanes(const int8_t *x, int32_t lanes) {
  return lanes == LANES ? eq_dsp_load(x) : eq_load_tail(x, lanes);
}

/* One input row of four channels. */
static EQ_INLINE void put_row(row_t row[LANES], uint32_t x0, uint32_t x1, uint32_t x2) {
  const uint32_t a0 = eq_dsp_sxtb16(x0), a1 = eq_dsp_sxtb16(x1), a2 = eq_dsp_sxtb16(x2);
  EQ_DSP_STORE2(&row[0], eq_dsp_pack_bottoms(a0, a1), a2);
  EQ_DSP_STORE2(&row[2], eq_dsp_pack_tops(a0, a1), a2 >> 16);
  const uint32_t b0 = eq_dsp_sxtb16_ror8(x0), b1 = eq_dsp_sxtb16_ror8(x1), b2 = eq_dsp_sxtb16_ror8(x2);
  EQ_DSP_STORE2(&row[1], eq_dsp_pack_bottoms(b0, b1), b2);
  EQ_DSP_STORE2(&row[3], eq_dsp_pack_tops(b0, b1), b2 >> 16);
}

/* `count` rows outside the image; returns the row after them. */
static EQ_INLINE row_t *outside_rows(row_t *row, int32_t zero_point, int32_t count) {
  const uint32_t halves = ((uint32_t)zero_point & 0xffffu) * 0x00010001u;
  for (; count > 0; count--) {
    for (int32_t i = 0; i < LANES; i++) {
      row[i] = (row_t){halves, halves};
    }
    row += LANES;
  }
  return row;
}

/* Fills the strip [rows][4 channels] from input row iy on. `lanes` is 4 or the channels left. */
static EQ_INLINE void widen_strip(const eq_dwconv2d_s8_t *p, const columns_t *columns, int32_t iy, int32_t rows,
                                  row_t *strip, int32_t lanes) {
  const int8_t *x0 = columns->x[0], *x1 = columns->x[1], *x2 = columns->x[2];
  const int32_t step0 = columns->step[0], step1 = columns->step[1], step2 = columns->step[2];
  const int32_t above = eq_clamp(-iy, 0, rows);
  const int32_t below = eq_clamp(iy + rows - p->in_h, 0, rows - above);
  strip = outside_rows(strip, p->input_zero_point, above);
  for (int32_t count = rows - above - below; count > 0; count--) {
    put_row(strip, load_lanes(x0, lanes), load_lanes(x1, lanes), load_lanes(x2, lanes));
    x0 += step0;
    x1 += step1;
    x2 += step2;
    strip += LANES;
  }
  (void)outside_rows(strip, p->input_zero_point, below);
}

/* The constants of a channel. */
typedef struct {
  uint32_t w0, w1, w2, w01, w2_last;
  int32_t bias;
  eq_dsp_scale_t scale;
} channel_t;

static EQ_INLINE channel_t load_channel(const eq_dwconv2d_s8_t *p, int32_t c, eq_requant_form_t form) {
  const uint32_t *const w = (const uint32_t *)p->weights + 5 * c;
  const eq_dsp_requant_t q = eq_dsp_requant(&p->requant);
  return (channel_t){w[0], w[1], w[2], w[3], w[4], p->bias[c], eq_dsp_scale_of(&q, c, form)};
}

/* `count` outputs of one channel down its strip, any stride, any activation range. */
static EQ_INLINE void column(const row_t *row, const eq_dwconv2d_s8_t *p, int32_t channel, int8_t *y, int32_t count,
                             eq_requant_form_t form) {
  const channel_t c = load_channel(p, channel, form);
  const int32_t act_min = p->requant.act_min, act_max = p->requant.act_max;
  const int32_t row_step = LANES * p->stride_h, y_step = p->out_w * p->out_c;
  for (; count > 0; count--) {
    uint32_t pair, last;
    EQ_DSP_LOAD2(&row[0], pair, last);
    int32_t sum = eq_dsp_smlad(pair, c.w0, c.bias);
    sum = eq_dsp_smlabb(last, c.w01, sum);
    EQ_DSP_LOAD2(&row[LANES], pair, last);
    sum = eq_dsp_smlad(pair, c.w1, sum);
    sum = eq_dsp_smlabt(last, c.w01, sum);
    EQ_DSP_LOAD2(&row[2 * LANES], pair, last);
    sum = eq_dsp_smlad(pair, c.w2, sum);
    sum = eq_dsp_smlabb(last, c.w2_last, sum);
    sum = eq_dsp_scale_saturate(sum, c.scale, form);
    *y = (int8_t)eq_clamp(sum, act_min, act_max);
    row += row_step;
    y += y_step;
  }
}

/* The same for stride 1 and the whole range of int8: the step is an immediate, and nearly everything stays in
 * registers. */
static EQ_INLINE void column_stride1(const row_t *row, const eq_dwconv2d_s8_t *p, int32_t channel, int8_t *y,
                                     int32_t count, eq_requant_form_t form) {
  const channel_t c = load_channel(p, channel, form);
  const int32_t y_step = p->out_w * p->out_c;
  const row_t *const end = row + LANES * count;
  while (row != end) {
    uint32_t pair, last;
    __asm__ volatile("ldrd %0, %1, [%2], #32" : "=&r"(pair), "=&r"(last), "+r"(row) : : "memory");
    int32_t sum = eq_dsp_smlad(pair, c.w0, c.bias);
    sum = eq_dsp_smlabb(last, c.w01, sum);
    EQ_DSP_LOAD2(&row[0], pair, last);
    sum = eq_dsp_smlad(pair, c.w1, sum);
    sum = eq_dsp_smlabt(last, c.w01, sum);
    EQ_DSP_LOAD2(&row[LANES], pair, last);
    sum = eq_dsp_smlad(pair, c.w2, sum);
    sum = eq_dsp_smlabb(last, c.w2_last, sum);
    *y = (int8_t)eq_dsp_scale_saturate(sum, c.scale, form);
    y += y_step;
  }
}

static EQ_INLINE columns_t find_columns(const eq_dwconv2d_s8_t *p, const int8_t *input, int32_t iy, int32_t ix,
                                        int32_t c, const int8_t *outside) {
  const int32_t row_bytes = p->in_w * p->in_c;
  const int32_t first_row = iy > 0 ? iy : 0;
  columns_t columns;
  for (int32_t i = 0; i < 3; i++) {
    const int32_t inside = ix + i >= 0 && ix + i < p->in_w && first_row < p->in_h;
    columns.x[i] = inside ? input + (first_row * p->in_w + ix + i) * p->in_c + c : outside;
    columns.step[i] = inside ? row_bytes : 0;
  }
  return columns;
}

static EQ_INLINE void dwconv2d(const eq_dwconv2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                               void *restrict scratch, eq_range_t range, eq_requant_form_t form) {
  const int32_t simple = p->stride_h == 1 && p->requant.act_min == -128 && p->requant.act_max == 127;
  int8_t *const outside = scratch;
  row_t *const strip = (row_t *)scratch + 1; /* 8 bytes on: room for the zero points */
  for (int32_t i = 0; i < LANES; i++) {
    outside[i] = (int8_t)p->input_zero_point;
  }
  for (int32_t c = range.begin; c < range.end; c += LANES) {
    const int32_t lanes = range.end - c < LANES ? range.end - c : LANES;
    for (int32_t oy = 0; oy < p->out_h; oy += SEGMENT) {
      const int32_t count = p->out_h - oy < SEGMENT ? p->out_h - oy : SEGMENT;
      const int32_t rows = (count - 1) * p->stride_h + 3;
      const int32_t iy = oy * p->stride_h - p->pad_top;
      for (int32_t ox = 0; ox < p->out_w; ox++) {
        const columns_t columns = find_columns(p, input, iy, ox * p->stride_w - p->pad_left, c, outside);
        int8_t *const y = output + (oy * p->out_w + ox) * p->out_c + c;
        if (lanes == LANES) {
          widen_strip(p, &columns, iy, rows, strip, LANES);
        } else {
          widen_strip(p, &columns, iy, rows, strip, lanes);
        }
        for (int32_t i = 0; i < lanes; i++) {
          if (simple) {
            column_stride1(strip + i, p, c + i, y + i, count, form);
          } else {
            column(strip + i, p, c + i, y + i, count, form);
          }
        }
      }
    }
  }
}

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_k3x3_high_dsp) { dwconv2d(p, input, output, scratch, range, EQ_REQUANT_HIGH); }

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_k3x3_shift_dsp) {
  dwconv2d(p, input, output, scratch, range, EQ_REQUANT_SHIFT);
}

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_k3x3_tflite_dsp) {
  dwconv2d(p, input, output, scratch, range, EQ_REQUANT_TFLITE);
}

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_k3x3_line_dsp) {
  dwconv2d(p, input, output, scratch, range, EQ_REQUANT_LINE);
}

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_k3x3_step_dsp) {
  dwconv2d(p, input, output, scratch, range, EQ_REQUANT_STEP);
}
