/* l2_normalize, int8, portable C. The header states the contract. */
#include "eq_l2_normalize.h"

#include "eq_fixed_point.h"

/* Multiplier and exponent (EQ_REQUANT_TFLITE) of 1 / sqrt(value): Newton-Raphson in Q3 on the value with an even number
 * of leading zeros shifted out. */
static void inverse_root(int32_t value, int32_t *multiplier, int32_t *exponent) {
  if (value <= 1) {
    *multiplier = INT32_MAX;
    *exponent = 0;
    return;
  }
  int32_t shift = 11;
  while (value >= (1 << 29)) {
    value /= 4;
    shift++;
  }
  const int32_t pairs = (eq_leading_zeros((uint32_t)value) - 1) / 2 - 1;
  const int32_t x = (int32_t)((uint32_t)value << (2 * pairs)) >> 1;
  const int32_t half = eq_rdbpot(x, 1);
  int32_t y = 1 << 28;
  for (int32_t step = 0; step < 5; step++) {
    const int32_t cube = eq_shifted_left(eq_srdhm(eq_srdhm(y, y), y), 6);
    y = eq_shifted_left(eq_srdhm(3 << 27, y) - eq_srdhm(half, cube), 3);
  }
  *multiplier = eq_srdhm(y, 1518500250); /* sqrt(1/2) */
  *exponent = pairs - shift;
}

void eq_l2_normalize_s8_scalar(const eq_l2_normalize_s8_t *p, const int8_t *input, int8_t *output, eq_range_t range) {
  const int32_t depth = p->depth, zero_point = p->input_zero_point;
  for (int32_t row = range.begin; row < range.end; row++) {
    const int8_t *const x = input + row * depth;
    int8_t *const y = output + row * depth;
    int32_t acc = 0, multiplier, exponent;
    for (int32_t i = 0; i < depth; i++) {
      acc += (x[i] - zero_point) * (x[i] - zero_point);
    }
    inverse_root(acc, &multiplier, &exponent);
    for (int32_t i = 0; i < depth; i++) {
      const int32_t scaled = eq_scale_acc(x[i] - zero_point, multiplier, exponent + 7, EQ_REQUANT_TFLITE);
      y[i] = (int8_t)eq_clamp(scaled, -128, 127);
    }
  }
}
