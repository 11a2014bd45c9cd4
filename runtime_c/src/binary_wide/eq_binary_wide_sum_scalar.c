/* binary sums, int16, portable C. The header states the contract. */
#include "eq_binary_wide.h"
#define RECORD eq_binary_wide_sum_t
#define ELEMENT int16_t
#include "eq_inline.h"

static EQ_INLINE int32_t element(const RECORD *q, int32_t x1, int32_t x2, int32_t variant) {
  (void)variant;
  const int32_t a = eq_scale_acc(x1 * (1 << q->left), q->m1, q->s1, EQ_REQUANT_TFLITE);
  const int32_t b = eq_scale_acc(x2 * (1 << q->left), q->m2, q->s2, EQ_REQUANT_TFLITE);
  const int32_t y = eq_scale_acc(q->sign1 * a + q->sign2 * b, q->sum_m, q->sum_s, EQ_REQUANT_TFLITE);
  return eq_clamp(y, q->act_min, q->act_max);
}

#include "eq_binary_run.h"

EQ_BINARY_WIDE_PROTOTYPE(eq_binary_wide_sum_scalar, RECORD) { run(p, input1, input2, output, range, 0); }
