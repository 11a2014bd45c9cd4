/* dwconv2d, int8, RISC-V vectors: any geometry. The header states the contract.
 *
 * A vector of channels of one or two pixels at a time. The products of two taps fit in 16 bits together
 * (2 * 127 * 128 < 2^15) and are then added to 32-bit sums. */
#include "eq_dwconv2d.h"
#include "eq_rvv_pixels.h"

enum { PIXELS = 2 };

/* The vl channels from x on of one tap, or of two that are `step` bytes apart, times their weights. */
static EQ_INLINE vint16m4_t products(const int8_t *x, int32_t step, vint8m2_t w0, vint8m2_t w1, int32_t taps,
                                     size_t vl) {
  const vint16m4_t one = __riscv_vwmul_vv_i16m4(__riscv_vle8_v_i8m2(x, vl), w0, vl);
  return taps == 1 ? one : __riscv_vwmacc_vv_i16m4(one, __riscv_vle8_v_i8m2(x + step, vl), w1, vl);
}

/* All channels of `count` pixels, which is a compile-time constant. */
static EQ_INLINE void pixels_of(const eq_dwconv2d_s8_t *p, const eq_requant_t *q, eq_rvv_pixels_t at, int8_t *y,
                                int32_t count, eq_requant_form_t form) {
  const int32_t channels = p->in_c;
  size_t vl;
  for (int32_t c = 0; c < channels; c += (int32_t)vl) {
    vl = __riscv_vsetvl_e32m8((size_t)(channels - c));
    vint32m8_t s0 = __riscv_vle32_v_i32m8(p->bias + c, vl), s1 = s0;
    const int8_t *w = (const int8_t *)p->weights + c, *row = at.first + c;
    for (int32_t r = at.rows; r > 0; r--, row += at.row_step) {
      const int8_t *x = row;
      int32_t taps = p->kernel_w;
      for (; taps >= 2; taps -= 2) {
        const vint8m2_t w0 = __riscv_vle8_v_i8m2(w, vl), w1 = __riscv_vle8_v_i8m2(w + channels, vl);
        s0 = __riscv_vwadd_wv_i32m8(s0, products(x, at.column_step, w0, w1, 2, vl), vl);
        if (count > 1) {
          s1 = __riscv_vwadd_wv_i32m8(s1, products(x + at.pitch, at.column_step, w0, w1, 2, vl), vl);
        }
        x += 2 * at.column_step;
        w += 2 * channels;
      }
      if (taps > 0) {
        const vint8m2_t w0 = __riscv_vle8_v_i8m2(w, vl);
        s0 = __riscv_vwadd_wv_i32m8(s0, products(x, 0, w0, w0, 1, vl), vl);
        if (count > 1) {
          s1 = __riscv_vwadd_wv_i32m8(s1, products(x + at.pitch, 0, w0, w0, 1, vl), vl);
        }
        w += channels;
      }
    }
    eq_rvv_store(q, s0, c, y + c, vl, form);
    if (count > 1) {
      eq_rvv_store(q, s1, c, y + channels + c, vl, form);
    }
  }
}

static EQ_INLINE void dwconv2d(const eq_dwconv2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                               void *restrict scratch, eq_range_t range, eq_requant_form_t form) {
  const eq_requant_t q = p->requant;
  int32_t segment;
  for (int32_t pixel = range.begin; pixel < range.end; pixel += segment) {
    eq_rvv_pixels_t at = eq_rvv_segment(p, input, pixel, range.end, scratch, &segment);
    for (int32_t i = 0; i < segment; i += PIXELS) {
      int8_t *const y = output + (pixel + i) * p->in_c;
      if (segment - i >= PIXELS) {
        pixels_of(p, &q, at, y, PIXELS, form);
      } else {
        pixels_of(p, &q, at, y, 1, form);
      }
      at.first += PIXELS * at.pitch;
    }
  }
}

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_high_rvv) { dwconv2d(p, input, output, scratch, range, EQ_REQUANT_HIGH); }

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_shift_rvv) { dwconv2d(p, input, output, scratch, range, EQ_REQUANT_SHIFT); }

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_tflite_rvv) { dwconv2d(p, input, output, scratch, range, EQ_REQUANT_TFLITE); }

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_line_rvv) { dwconv2d(p, input, output, scratch, range, EQ_REQUANT_LINE); }

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_step_rvv) { dwconv2d(p, input, output, scratch, range, EQ_REQUANT_STEP); }
