/* log_softmax, int8, TensorFlow Lite's reference arithmetic, portable C. The header states the contract. */
#include "eq_fixed_point.h"
#include "eq_log_softmax.h"
#include "eq_row_max.h"

/* Natural logarithm in Q5 of x >= 1 in Q12: the power of two by counting zeros, the rest in [2^-1/2, 1) by a rational
 * function around 2^-1/4. */
static int32_t log_of_q12(int32_t x) {
  const int32_t root_half = 1518500250, root_root_half = 1805811301, quarter = 1 << 23;
  const int32_t zeros = eq_leading_zeros((uint32_t)x);
  const int32_t first = eq_shifted_left(eq_srdhm(eq_shifted_left(x, zeros - 1), root_half), 1);
  const int32_t first_power = eq_saturated((int64_t)eq_shifted_left(12 - zeros, 25) + quarter);
  const int32_t headroom = eq_leading_zeros((uint32_t)eq_srdhm(x, root_half)) - 1;
  const int32_t second = eq_shifted_left(x, headroom);
  const int32_t second_power = eq_shifted_left(12 - headroom, 25) - quarter;
  const int32_t r = first < second ? first : second;
  const int32_t power = first_power > second_power ? first_power : second_power;
  const int32_t p = (int32_t)(((int64_t)r + root_root_half + 1) >> 1);
  const int32_t q = 2 * (r - root_root_half);
  const int32_t q2 = eq_srdhm(q, q);
  const int32_t above = eq_srdhm(q, r) + eq_srdhm(eq_srdhm(q, q2), 117049297);
  const int32_t below = eq_srdhm(p, 1057819769 + q + eq_srdhm(127690142, q2)) + eq_srdhm(638450708, q);
  const int32_t rest = eq_srdhm(eq_rdbpot(above, 6), eq_one_over_one_plus(below));
  return eq_shifted_left(eq_srdhm(power, 1488522236) + rest, 1);
}

void eq_log_softmax_s8_tflite_scalar(const eq_log_softmax_tflite_s8_t *p, const int8_t *input, int8_t *output,
                                     eq_range_t range) {
  const int32_t depth = p->depth;
  for (int32_t row = range.begin; row < range.end; row++) {
    const int8_t *const x = input + row * depth;
    int8_t *const y = output + row * depth;
    const int32_t max = eq_row_max_s8(x, depth);
    int32_t sum = 0;
    for (int32_t i = 0; i < depth; i++) {
      sum += p->exp_table[max - x[i]];
    }
    const int32_t log_sum = log_of_q12(sum);
    const int32_t least = eq_scale_acc(log_sum + INT32_MIN, p->reverse_multiplier, p->reverse_shift, EQ_REQUANT_TFLITE);
    const int32_t below = least > p->diff_min - 1 ? least : p->diff_min - 1;
    for (int32_t i = 0; i < depth; i++) {
      const int32_t difference = x[i] - max;
      const int64_t scaled = (int64_t)p->scaled_table[-difference] - log_sum;
      const int32_t rounded = difference > below ? eq_rdbpot(eq_saturated(scaled), 22) + 127 : -128;
      y[i] = (int8_t)eq_clamp(rounded, -128, 127);
    }
  }
}
