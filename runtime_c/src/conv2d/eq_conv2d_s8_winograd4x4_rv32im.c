/* conv2d, int8, 3x3 with stride 1, plain RV32IM: Winograd F(4x4, 3x3). The header states the contract, eq_winograd.h
 * the arithmetic.
 *
 *   B^T = [4  0 -5  0  1  0]    G = [6  0  0]    A^T = [1  -4  -4  1  1  0]
 *         [0 -4 -4  1  1  0]        [1  1  1]          [0  -4   4  2 -2  0]
 *         [0  4 -4 -1  1  0]        [1 -1  1]          [0  -4  -4  4  4  0]
 *         [0 -2 -1  2  1  0]        [1  2  4]          [0  -4   4  8 -8  4]
 *         [0  2 -1 -2  1  0]        [1 -2  4]
 *         [0  4  0 -5  0  1]        [0  0  6]          result: 576 * sum
 *
 * |U| <= 100 * 128 and |W| <= 49 * 128 are halfwords. Modulo 2^32, a multiplication by the inverse of 9 leaves 64 *
 * sum, which is exact because it stays within 32 bits. */
#include "eq_winograd_rv32im.h"

enum { SIDE = 4, WIDTH = SIDE + 2, ROW = WIDTH * EQ_WINOGRAD_TILES };

/* B^T times six values; results r0 .. r5. */
typedef struct {
  int32_t r0, r1, r2, r3, r4, r5;
} six_t;

static EQ_INLINE six_t input_line(int32_t d0, int32_t d1, int32_t d2, int32_t d3, int32_t d4, int32_t d5) {
  const int32_t p = d4 - 4 * d2, q = d3 - 4 * d1, r = d4 - d2, s = 2 * (d3 - d1);
  return (six_t){4 * (d0 - d2) + r, p + q, p - q, r + s, r - s, d5 - d3 - 2 * s};
}

static void transform_input(eq_tile_input_t from, int32_t in_c, int16_t *u) {
  for (int32_t c = 0; c < in_c; c++) {
    int32_t d[WIDTH][WIDTH]; /* transformed columns */
    const int8_t *x = from.x + c;
    for (int32_t j = 0; j < WIDTH; j++) {
      const int8_t *const y = x + 3 * from.row_step;
      const six_t t = input_line(x[0], x[from.row_step], x[2 * from.row_step], y[0], y[from.row_step],
                                 y[2 * from.row_step]);
      d[0][j] = t.r0;
      d[1][j] = t.r1;
      d[2][j] = t.r2;
      d[3][j] = t.r3;
      d[4][j] = t.r4;
      d[5][j] = t.r5;
      x += in_c;
    }
    for (int32_t i = 0; i < WIDTH; i++) {
      const six_t t = input_line(d[i][0], d[i][1], d[i][2], d[i][3], d[i][4], d[i][5]);
      u[0] = (int16_t)t.r0;
      u[EQ_WINOGRAD_TILES] = (int16_t)t.r1;
      u[2 * EQ_WINOGRAD_TILES] = (int16_t)t.r2;
      u[3 * EQ_WINOGRAD_TILES] = (int16_t)t.r3;
      u[4 * EQ_WINOGRAD_TILES] = (int16_t)t.r4;
      u[5 * EQ_WINOGRAD_TILES] = (int16_t)t.r5;
      u += ROW;
    }
  }
}

/* A^T times six values. */
typedef struct {
  uint32_t r0, r1, r2, r3;
} four_t;

static EQ_INLINE four_t output_line(uint32_t m0, uint32_t m1, uint32_t m2, uint32_t m3, uint32_t m4, uint32_t m5) {
  const uint32_t a = m1 + m2, b = m1 - m2, c = m3 + m4, d = 2u * (m3 - m4);
  return (four_t){m0 - 4u * a + c, d - 4u * b, 4u * (c - a), 4u * (d - b + m5)};
}

static EQ_INLINE int8_t output_of(uint32_t sum, eq_winograd_channel_t c, eq_requant_form_t form) {
  const int32_t plain = (int32_t)(sum * 0x38e38e39u) >> 6; /* 9 * 0x38e38e39 == 1 modulo 2^32 */
  return eq_requantize_rv32im((uint32_t)plain + c.bias, c.scale, c.out, form);
}

static EQ_INLINE void transform_output(const uint32_t *m, eq_winograd_channel_t channel, eq_place_t place,
                                       eq_requant_form_t form) {
  enum { LINE = WIDTH * EQ_WINOGRAD_PRODUCTS, STEP = EQ_WINOGRAD_PRODUCTS };
  uint32_t t[SIDE][WIDTH]; /* transformed columns */
  for (int32_t j = 0; j < WIDTH; j++) {
    const four_t column = output_line(m[0], m[LINE], m[2 * LINE], m[3 * LINE], m[4 * LINE], m[5 * LINE]);
    t[0][j] = column.r0;
    t[1][j] = column.r1;
    t[2][j] = column.r2;
    t[3][j] = column.r3;
    m += STEP;
  }
  int8_t *y = place.y;
  const int32_t step = place.step;
  for (int32_t i = 0; i < SIDE; i++) {
    const four_t row = output_line(t[i][0], t[i][1], t[i][2], t[i][3], t[i][4], t[i][5]);
    y[0] = output_of(row.r0, channel, form);
    y[step] = output_of(row.r1, channel, form);
    y[2 * step] = output_of(row.r2, channel, form);
    y[3 * step] = output_of(row.r3, channel, form);
    y += place.row_step;
  }
}

static __attribute__((noinline)) const int16_t *products(const int16_t *u, const int16_t *weights, uint32_t *m,
                                                         int32_t in_c) {
  return eq_winograd_products(u, weights, m, in_c, WIDTH * WIDTH);
}

#define KERNEL ((eq_winograd_kernel_t){SIDE, transform_input, products, transform_output})

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_winograd4x4_high_rv32im) {
  eq_winograd_conv2d(p, input, output, scratch, range, KERNEL, EQ_REQUANT_HIGH);
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_winograd4x4_shift_rv32im) {
  eq_winograd_conv2d(p, input, output, scratch, range, KERNEL, EQ_REQUANT_SHIFT);
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_winograd4x4_tflite_rv32im) {
  eq_winograd_conv2d(p, input, output, scratch, range, KERNEL, EQ_REQUANT_TFLITE);
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_winograd4x4_line_rv32im) {
  eq_winograd_conv2d(p, input, output, scratch, range, KERNEL, EQ_REQUANT_LINE);
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_winograd4x4_step_rv32im) {
  eq_winograd_conv2d(p, input, output, scratch, range, KERNEL, EQ_REQUANT_STEP);
}
