/* softmax, int16, portable C. The header states the contract. */
#include "eq_softmax_wide.h"

#include "eq_fixed_point.h"
#include "eq_interpolate.h"

void eq_softmax_wide_scalar(const eq_softmax_wide_t *p, const int16_t *input, int16_t *output, eq_range_t range) {
  const int32_t depth = p->depth;
  for (int32_t row = range.begin; row < range.end; row++) {
    const int16_t *const x = input + row * depth;
    int16_t *const y = output + row * depth;
    int32_t max = -32768;
    for (int32_t i = 0; i < depth; i++) {
      max = x[i] > max ? x[i] : max;
    }
    /* the output holds the exponentials until their sum is known */
    int32_t sum = 0;
    for (int32_t i = 0; i < depth; i++) {
      const int32_t t = eq_scale_acc(x[i] - max, p->input_multiplier, p->input_shift, EQ_REQUANT_TFLITE);
      const int32_t e = eq_interpolate(p->exp_table, t < -65535 ? -32768 : eq_clamp(t + 32767, -32768, 32767));
      y[i] = (int16_t)e;
      sum += e;
    }
    /* sum * 2^(zeros - 1) lies in [2^30, 2^31); its fraction beyond the leading one has 16 bits */
    const int32_t zeros = eq_leading_zeros((uint32_t)sum);
    const int64_t normalized = (((int64_t)sum << (zeros - 1)) + (1 << 13)) >> 14;
    const int32_t fraction = eq_clamp((int32_t)(normalized - (1 << 15) - (1 << 16)), -32768, 32767);
    const int32_t reciprocal = eq_interpolate(p->reciprocal_table, fraction);
    const int32_t shift = 31 - zeros;
    for (int32_t i = 0; i < depth; i++) {
      y[i] = (int16_t)eq_clamp((y[i] * reciprocal + (1 << (shift - 1))) >> shift, 0, 32767);
    }
  }
}
