/* softmax, int8, TensorFlow Lite's reference arithmetic, portable C. The header states the contract. */
#include "eq_fixed_point.h"
#include "eq_row_max.h"
#include "eq_softmax.h"

void eq_softmax_s8_tflite_scalar(const eq_softmax_tflite_s8_t *p, const int8_t *input, int8_t *output,
                                 eq_range_t range) {
  const int32_t depth = p->depth;
  const int32_t *const exp_table = p->exp_table;
  for (int32_t row = range.begin; row < range.end; row++) {
    const int8_t *const x = input + row * depth;
    int8_t *const y = output + row * depth;
    const int32_t max = eq_row_max_s8(x, depth);
    uint32_t sum = 0;
    for (int32_t i = 0; i < depth; i++) {
      sum += (uint32_t)eq_rdbpot(exp_table[max - x[i]], 12);
    }
    /* sum = 2^(31 - zeros) * (1 + a), so 1 / sum in Q12 is the reciprocal of 1 + a, shifted */
    const int32_t zeros = eq_leading_zeros(sum);
    const int32_t reciprocal = eq_one_over_one_plus((int32_t)((sum << zeros) - 0x80000000u));
    const int32_t shift = 12 - zeros + 31 - 8;
    for (int32_t i = 0; i < depth; i++) {
      const int32_t e = exp_table[max - x[i]];
      const int32_t q = eq_rdbpot(eq_srdhm(reciprocal, e), shift) - 128;
      y[i] = (int8_t)(e == 0 ? -128 : eq_clamp(q, -128, 127));
    }
  }
}
