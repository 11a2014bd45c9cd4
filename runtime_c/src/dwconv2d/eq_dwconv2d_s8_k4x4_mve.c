/* dwconv2d with a kernel of at most 4x4, any stride, padding and dilation: int8, Armv8.1-M MVE. The header states the
 * contract.
 *
 * Sixteen channels and one output column at a time. VST4 interleaves the (up to) four input columns under it into a
 * strip: per input row and channel one word of four columns. Four rows of a channel are then one vector (a gather of
 * four words), and one VMLADAV is a whole output. Kernels smaller than 4x4 have zero weights. */
#include "eq_dwconv2d.h"
#include "eq_mve.h"

enum {
  CHANNELS = 16,
  SIDE = 4, /* rows and columns of the padded kernel */
  ROW_BYTES = CHANNELS * SIDE,
  OUTSIDE_BYTES = CHANNELS, /* zero points, at the start of the scratch */
  SEGMENT_STRIDE1 = 32,     /* outputs a strip, a multiple of 4: bounds the scratch */
  SEGMENT = 16
};

/* The input columns of a strip: step 0 for a column of zero points outside the image. */
typedef struct {
  const int8_t *x[SIDE];
  int32_t step[SIDE];
} columns_t;

/* `count` >= 1 rows of the first `lanes` channels (the others become 0); returns the row after them. Assembly, because
 * GCC 12 copies VST4's four vectors through the stack; not inlined, because it needs eleven registers. */
__attribute__((noinline)) static int8_t *inside_rows(int8_t *strip, const columns_t *c, int32_t count, int32_t lanes) {
  const int8_t *x0 = c->x[0], *x1 = c->x[1], *x2 = c->x[2], *x3 = c->x[3];
  __asm__ volatile(
      "vctp.8 %[lanes]\n"
      "1:\n\t"
      "vpstttt\n\t"
      "vldrbt.8 q0, [%[x0]]\n\t"
      "vldrbt.8 q1, [%[x1]]\n\t"
      "vldrbt.8 q2, [%[x2]]\n\t"
      "vldrbt.8 q3, [%[x3]]\n\t"
      "add %[x0], %[s0]\n\t"
      "add %[x1], %[s1]\n\t"
      "vst40.8 {q0, q1, q2, q3}, [%[strip]]\n\t"
      "add %[x2], %[s2]\n\t"
      "vst41.8 {q0, q1, q2, q3}, [%[strip]]\n\t"
      "add %[x3], %[s3]\n\t"
      "vst42.8 {q0, q1, q2, q3}, [%[strip]]\n\t"
      "subs %[n], #1\n\t"
      "vst43.8 {q0, q1, q2, q3}, [%[strip]]!\n\t"
      "bne 1b"
      : [strip] "+r"(strip), [x0] "+r"(x0), [x1] "+r"(x1), [x2] "+r"(x2), [x3] "+r"(x3), [n] "+r"(count)
      : [s0] "r"(c->step[0]), [s1] "r"(c->step[1]), [s2] "r"(c->step[2]), [s3] "r"(c->step[3]), [lanes] "r"(lanes)
      : "q0", "q1", "q2", "q3", "cc", "memory");
  return strip;
}

static EQ_INLINE int8_t *outside_rows(int8_t *strip, int8x16_t zero_points, int32_t count) {
  for (; count > 0; count--) {
    vstrbq_s8(strip, zero_points);
    vstrbq_s8(strip + 16, zero_points);
    vstrbq_s8(strip + 32, zero_points);
    vstrbq_s8(strip + 48, zero_points);
    strip += ROW_BYTES;
  }
  return strip;
}

static EQ_INLINE columns_t find_columns(const eq_dwconv2d_s8_t *p, const int8_t *input, int32_t iy, int32_t ix,
                                        int32_t c, const int8_t *outside) {
  const int32_t row_bytes = p->in_w * p->in_c;
  const int8_t *const row = input + (iy > 0 ? iy : 0) * row_bytes + c;
  columns_t columns;
  for (int32_t i = 0; i < SIDE; i++) {
    const int32_t x = ix + i * p->dilation_w;
    const int32_t inside = i < p->kernel_w && x >= 0 && x < p->in_w;
    columns.x[i] = inside ? row + x * p->in_c : outside;
    columns.step[i] = inside ? row_bytes : 0;
  }
  return columns;
}

/* What the channels of a strip share. */
typedef struct {
  const int8_t *weights;
  const int32_t *bias;
  int32_t row_bytes;  /* strip bytes from one kernel row to the next */
  int32_t step;       /* strip bytes from one output to the next */
  int32_t y_step;     /* output bytes from one output to the next */
  eq_mve_requant_t requant;
} shared_t;

/* Four rows of one channel. */
static EQ_INLINE int8x16_t four_rows(const int8_t *strip, uint32x4_t rows) {
  return (int8x16_t)vldrwq_gather_offset_s32((const int32_t *)(const void *)strip, rows);
}

/* The sums of four outputs. */
static EQ_INLINE int32x4_t four_outputs(const int8_t *strip, int32_t step, uint32x4_t rows, int8x16_t w) {
  const int32_t s0 = vmladavq_s8(four_rows(strip, rows), w), s1 = vmladavq_s8(four_rows(strip + step, rows), w);
  strip += 2 * step;
  return eq_mve_vector(s0, s1, vmladavq_s8(four_rows(strip, rows), w), vmladavq_s8(four_rows(strip + step, rows), w));
}

/* Outputs of channels c .. c+lanes-1 down their strip, four at a time. By value: loads from a structure inside the
 * loops would be repeated after every store of bytes. */
static EQ_INLINE void outputs_down(shared_t g, const int8_t *strip, int32_t c, int32_t lanes, int8_t *y, int32_t count,
                                   eq_requant_form_t form) {
  const uint32x4_t rows = eq_mve_multiples((uint32_t)g.row_bytes);
  const uint32x4_t places = eq_mve_multiples((uint32_t)g.y_step);
  for (const int32_t end = c + lanes; c < end; c++) {
    const int8x16_t w = vldrbq_s8(g.weights + c * SIDE * SIDE);
    const eq_mve_scale_t k = eq_mve_scale_of(&g.requant, c, form);
    const int32_t bias = g.bias[c];
    const int8_t *x = strip;
    int8_t *out = y;
    for (int32_t fours = count / 4; fours > 0; fours--) {
      const int32x4_t sums = vaddq_n_s32(four_outputs(x, g.step, rows, w), bias);
      vstrbq_scatter_offset_s32(out, places, eq_mve_requantize(sums, k, &g.requant, form));
      x += 4 * g.step;
      out += 4 * g.y_step;
    }
    if (count % 4 != 0) {
      const int32x4_t sums = vaddq_n_s32(four_outputs(x, g.step, rows, w), bias);
      const int32x4_t v = eq_mve_requantize(sums, k, &g.requant, form);
      vstrbq_scatter_offset_p_s32(out, places, v, vctp32q((uint32_t)(count % 4)));
    }
    strip += SIDE;
    y++;
  }
}

/* Kernels of at most three rows, stride and dilation 1: rows y .. y+3 hold the windows of two outputs, the second with
 * its weights one row down, w_down. `at` has the addresses of four rows, 2*ROW_BYTES before the next ones. Assembly for
 * the gather that moves its addresses on. */
static EQ_INLINE int32x4_t four_paired(uint32x4_t *at, int8x16_t w, int8x16_t w_down) {
  int32x4_t v;
  int32_t s0, s1, s2, s3;
  _Static_assert(2 * ROW_BYTES == 128, "the step of the gathers");
  __asm__ volatile(
      "vldrw.u32 %q[v], [%q[at], #128]!\n\t"
      "vmladav.s8 %[s0], %q[v], %q[w]\n\t"
      "vmladav.s8 %[s1], %q[v], %q[w_down]\n\t"
      "vldrw.u32 %q[v], [%q[at], #128]!\n\t"
      "vmladav.s8 %[s2], %q[v], %q[w]\n\t"
      "vmladav.s8 %[s3], %q[v], %q[w_down]\n\t"
      "vmov %e[v], %[s0], %[s1]\n\t"
      "vmov %f[v], %[s2], %[s3]"
      : [v] "=&w"(v), [at] "+w"(*at), [s0] "=&Te"(s0), [s1] "=&Te"(s1), [s2] "=&Te"(s2), [s3] "=&Te"(s3)
      : [w] "w"(w), [w_down] "w"(w_down)
      : "memory");
  return v;
}

/* Eight outputs in 16-bit lanes, alternating between the first and the last four, before zero point and clamp. */
static EQ_INLINE int16x8_t eight_paired(uint32x4_t *at, int8x16_t w, int8x16_t w_down, int32_t bias,
                                        eq_mve_scale_t k, eq_requant_form_t form) {
  const int16x8_t halves = eq_mve_narrow(eq_mve_scale(vaddq_n_s32(four_paired(at, w, w_down), bias), k, form));
  return vqmovntq_s32(halves, eq_mve_scale(vaddq_n_s32(four_paired(at, w, w_down), bias), k, form));
}

/* Zero point, clamp, and stores of the first `count` of eight outputs (see eight_paired), `y_step` apart. `narrow`, a
 * compile-time constant: the activation range is less than all of int8. */
static EQ_INLINE void store_eight(int8_t *y, int16x8_t halves, uint32x4_t places, int32_t y_step,
                                  const eq_mve_requant_t *q, int32_t count, int32_t narrow) {
  int16x8_t v = vqaddq_n_s16(halves, (int16_t)q->zero_point);
  if (narrow) {
    v = vminq_s16(vmaxq_s16(v, vdupq_n_s16((int16_t)q->act_min)), vdupq_n_s16((int16_t)q->act_max));
  } else {
    __asm__("vqmovnb.s16 %q0, %q0" : "+w"(v)); /* as in eq_mve_narrow; stores take bottom bytes */
  }
  const int32x4_t bytes = (int32x4_t)v, last = vshrq_n_s32(bytes, 16);
  if (count >= 8) {
    vstrbq_scatter_offset_s32(y, places, bytes);
    vstrbq_scatter_offset_s32(y + 4 * y_step, places, last);
  } else {
    vstrbq_scatter_offset_p_s32(y, places, bytes, vctp32q((uint32_t)count));
    if (count > 4) {
      vstrbq_scatter_offset_p_s32(y + 4 * y_step, places, last, vctp32q((uint32_t)count - 4u));
    }
  }
}

/* outputs_down, paired, eight at a time. */
static EQ_INLINE void outputs_down_paired(shared_t g, const int8_t *strip, int32_t c, int32_t lanes, int8_t *y,
                                          int32_t count, int32_t narrow, eq_requant_form_t form) {
  const uint32x4_t rows = eq_mve_multiples(ROW_BYTES);
  const uint32x4_t places = eq_mve_multiples((uint32_t)g.y_step);
  for (const int32_t end = c + lanes; c < end; c++) {
    const int8x16_t w = vldrbq_s8(g.weights + c * SIDE * SIDE);
    uint32_t carry = 0;
    const int8x16_t w_down = vshlcq_s8(w, &carry, 32);
    const eq_mve_scale_t k = eq_mve_scale_of(&g.requant, c, form);
    const int32_t bias = g.bias[c];
    uint32x4_t at = vaddq_n_u32(rows, (uint32_t)(uintptr_t)strip - 2u * ROW_BYTES);
    int8_t *out = y;
    for (int32_t eights = count / 8; eights > 0; eights--) {
      store_eight(out, eight_paired(&at, w, w_down, bias, k, form), places, g.y_step, &g.requant, 8, narrow);
      out += 8 * g.y_step;
    }
    if (count % 8 > 4) {
      store_eight(out, eight_paired(&at, w, w_down, bias, k, form), places, g.y_step, &g.requant, count % 8,
                  narrow);
    } else if (count % 8 > 0) {
      const int32x4_t v = eq_mve_scale(vaddq_n_s32(four_paired(&at, w, w_down), bias), k, form);
      store_eight(out, eq_mve_narrow(v), places, g.y_step, &g.requant, count % 8, narrow);
    } else {
      /* groups of eight only */
    }
    strip += SIDE;
    y++;
  }
}

static EQ_INLINE void dwconv2d(const eq_dwconv2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                               void *restrict scratch, eq_range_t range, eq_requant_form_t form) {
  int8_t *const outside = scratch;
  int8_t *const strip = outside + OUTSIDE_BYTES;
  const int8x16_t zero_points = vdupq_n_s8((int8_t)p->input_zero_point);
  const shared_t shared = {p->weights,      p->bias,           ROW_BYTES * p->dilation_h,
                           ROW_BYTES * p->stride_h, p->out_w * p->out_c, eq_mve_requant(&p->requant)};
  const int32_t paired = p->stride_h == 1 && p->dilation_h == 1 && p->kernel_h < SIDE;
  const int32_t narrow = p->requant.act_min > -128 || p->requant.act_max < 127;
  const int32_t segment = p->stride_h == 1 ? SEGMENT_STRIDE1 : SEGMENT;
  vstrbq_s8(outside, zero_points);
  for (int32_t c = range.begin; c < range.end; c += CHANNELS) {
    const int32_t lanes = range.end - c < CHANNELS ? range.end - c : CHANNELS;
    for (int32_t oy = 0; oy < p->out_h; oy += segment) {
      const int32_t count = p->out_h - oy < segment ? p->out_h - oy : segment;
      /* Rows for whole groups of four outputs of a kernel of four rows. */
      const int32_t rows = (((count + 3) & ~3) - 1) * p->stride_h + (SIDE - 1) * p->dilation_h + 1;
      const int32_t iy = oy * p->stride_h - p->pad_top;
      const int32_t above = eq_clamp(-iy, 0, rows);
      const int32_t below = eq_clamp(iy + rows - p->in_h, 0, rows - above);
      for (int32_t ox = 0; ox < p->out_w; ox++) {
        const columns_t columns = find_columns(p, input, iy, ox * p->stride_w - p->pad_left, c, outside);
        int8_t *const y = output + (oy * p->out_w + ox) * p->out_c + c;
        int8_t *row = outside_rows(strip, zero_points, above);
        if (rows > above + below) {
          row = inside_rows(row, &columns, rows - above - below, lanes);
        }
        (void)outside_rows(row, zero_points, below);
        if (paired && narrow) {
          outputs_down_paired(shared, strip, c, lanes, y, count, 1, form);
        } else if (paired) {
          outputs_down_paired(shared, strip, c, lanes, y, count, 0, form);
        } else {
          outputs_down(shared, strip, c, lanes, y, count, form);
        }
      }
    }
  }
}

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_k4x4_high_mve) { dwconv2d(p, input, output, scratch, range, EQ_REQUANT_HIGH); }

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_k4x4_shift_mve) {
  dwconv2d(p, input, output, scratch, range, EQ_REQUANT_SHIFT);
}

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_k4x4_tflite_mve) {
  dwconv2d(p, input, output, scratch, range, EQ_REQUANT_TFLITE);
}

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_k4x4_line_mve) {
  dwconv2d(p, input, output, scratch, range, EQ_REQUANT_LINE);
}

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_k4x4_step_mve) {
  dwconv2d(p, input, output, scratch, range, EQ_REQUANT_STEP);
}
