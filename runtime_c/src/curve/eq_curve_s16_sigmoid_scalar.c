/* curve, int16: sigmoid and tanh, portable C. The header states the contract. */
#include "eq_curve.h"

#include "eq_inline.h"

/* The position of x between the table's entries, `bits` bits to the next one; its sign is x's. */
static EQ_INLINE int32_t position(const eq_curve_sigmoid_s16_t *q, int32_t x) {
  const int32_t half = q->right_shift > 0 ? (1 << (q->right_shift - 1)) : 0;
  return (x * q->multiplier + half) >> q->right_shift;
}

/* The function at |t|, `bits` fraction bits; `last` beyond the table. */
static EQ_INLINE int32_t between(const uint16_t *table, int32_t t, int32_t bits, int32_t last) {
  const uint32_t size = t < 0 ? 0u - (uint32_t)t : (uint32_t)t;
  const uint32_t entry = size >> bits;
  if (entry >= 255u) {
    return last;
  }
  const int32_t low = table[entry], step = table[entry + 1u] - low;
  return low * (1 << bits) + step * (int32_t)(size & ((1u << bits) - 1u));
}

void eq_curve_s16_sigmoid_scalar(const eq_curve_sigmoid_s16_t *p, const int16_t *input, int16_t *output,
                                 eq_range_t range) {
  const eq_curve_sigmoid_s16_t q = *p;
  for (int32_t i = range.begin; i < range.end; i++) {
    const int32_t t = position(&q, input[i]);
    const int32_t y = between(q.table, t, 9, 0x7FFF << 10);
    output[i] = (int16_t)((t >= 0 ? y + (1 << 9) : (1 << 25) - y + (1 << 9) - 1) >> 10);
  }
}

void eq_curve_s16_tanh_scalar(const eq_curve_sigmoid_s16_t *p, const int16_t *input, int16_t *output,
                              eq_range_t range) {
  const eq_curve_sigmoid_s16_t q = *p;
  for (int32_t i = range.begin; i < range.end; i++) {
    const int32_t t = position(&q, input[i]);
    const int32_t y = between(q.table, t, 8, 0xFFFF << 8) - (1 << 23);
    output[i] = (int16_t)((t >= 0 ? y + (1 << 7) : -y + (1 << 7) - 1) >> 8);
  }
}
