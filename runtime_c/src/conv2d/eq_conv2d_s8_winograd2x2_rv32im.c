/* conv2d, int8, 3x3 with stride 1, plain RV32IM: Winograd F(2x2, 3x3), the matrices of eq_conv2d_s8_winograd2x2_dsp.c.
 * The header states the contract, eq_winograd.h the arithmetic. */
#include "eq_winograd_rv32im.h"

enum { SIDE = 2, WIDTH = SIDE + 2, ROW = WIDTH * EQ_WINOGRAD_TILES };

/* B^T times four values, A^T times four values. */
typedef struct {
  int32_t r0, r1, r2, r3;
} four_t;

typedef struct {
  uint32_t r0, r1;
} two_t;

static EQ_INLINE four_t input_line(int32_t d0, int32_t d1, int32_t d2, int32_t d3) {
  return (four_t){d0 - d2, d1 + d2, d2 - d1, d1 - d3};
}

static EQ_INLINE two_t output_line(uint32_t m0, uint32_t m1, uint32_t m2, uint32_t m3) {
  return (two_t){m0 + m1 + m2, m1 - m2 - m3};
}

static EQ_INLINE four_t input_column(const int8_t *x, int32_t row_step) {
  return input_line(x[0], x[row_step], x[2 * row_step], x[3 * row_step]);
}

static EQ_INLINE void put_row(int16_t *u, four_t row) {
  u[0] = (int16_t)row.r0;
  u[EQ_WINOGRAD_TILES] = (int16_t)row.r1;
  u[2 * EQ_WINOGRAD_TILES] = (int16_t)row.r2;
  u[3 * EQ_WINOGRAD_TILES] = (int16_t)row.r3;
}

static void transform_input(eq_tile_input_t from, int32_t in_c, int16_t *u) {
  const int8_t *x = from.x;
  for (int32_t c = in_c; c > 0; c--) {
    const four_t a = input_column(x, from.row_step), b = input_column(x + in_c, from.row_step);
    const four_t d = input_column(x + 2 * in_c, from.row_step), e = input_column(x + 3 * in_c, from.row_step);
    put_row(u, input_line(a.r0, b.r0, d.r0, e.r0));
    put_row(u + ROW, input_line(a.r1, b.r1, d.r1, e.r1));
    put_row(u + 2 * ROW, input_line(a.r2, b.r2, d.r2, e.r2));
    put_row(u + 3 * ROW, input_line(a.r3, b.r3, d.r3, e.r3));
    x++;
    u += WIDTH * ROW;
  }
}

static EQ_INLINE two_t output_column(const uint32_t *m) {
  enum { LINE = WIDTH * EQ_WINOGRAD_PRODUCTS };
  return output_line(m[0], m[LINE], m[2 * LINE], m[3 * LINE]);
}

static EQ_INLINE int8_t output_of(uint32_t sum, eq_winograd_channel_t c, eq_requant_form_t form) {
  return eq_requantize_rv32im((uint32_t)((int32_t)sum >> 2) + c.bias, c.scale, c.out, form);
}

static EQ_INLINE void transform_output(const uint32_t *m, eq_winograd_channel_t channel, eq_place_t place,
                                       eq_requant_form_t form) {
  const two_t a = output_column(m), b = output_column(m + EQ_WINOGRAD_PRODUCTS);
  const two_t c = output_column(m + 2 * EQ_WINOGRAD_PRODUCTS), d = output_column(m + 3 * EQ_WINOGRAD_PRODUCTS);
  const two_t top = output_line(a.r0, b.r0, c.r0, d.r0), bottom = output_line(a.r1, b.r1, c.r1, d.r1);
  int8_t *const y = place.y;
  y[0] = output_of(top.r0, channel, form);
  y[place.step] = output_of(top.r1, channel, form);
  y[place.row_step] = output_of(bottom.r0, channel, form);
  y[place.row_step + place.step] = output_of(bottom.r1, channel, form);
}

static __attribute__((noinline)) const int16_t *products(const int16_t *u, const int16_t *weights, uint32_t *m,
                                                         int32_t in_c) {
  return eq_winograd_products(u, weights, m, in_c, WIDTH * WIDTH);
}

#define KERNEL ((eq_winograd_kernel_t){SIDE, transform_input, products, transform_output})

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_winograd2x2_high_rv32im) {
  eq_winograd_conv2d(p, input, output, scratch, range, KERNEL, EQ_REQUANT_HIGH);
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_winograd2x2_shift_rv32im) {
  eq_winograd_conv2d(p, input, output, scratch, range, KERNEL, EQ_REQUANT_SHIFT);
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_winograd2x2_tflite_rv32im) {
  eq_winograd_conv2d(p, input, output, scratch, range, KERNEL, EQ_REQUANT_TFLITE);
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_winograd2x2_line_rv32im) {
  eq_winograd_conv2d(p, input, output, scratch, range, KERNEL, EQ_REQUANT_LINE);
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_winograd2x2_step_rv32im) {
  eq_winograd_conv2d(p, input, output, scratch, range, KERNEL, EQ_REQUANT_STEP);
}
