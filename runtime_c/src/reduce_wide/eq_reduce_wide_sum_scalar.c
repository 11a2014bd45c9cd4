/* reduce to sums, int16, portable C. The header states the contract. */
#include "eq_reduce_wide.h"
#define ELEMENT int16_t
#include "eq_reduce_run.h"

EQ_REDUCE_WIDE_PROTOTYPE(eq_reduce_wide_sum_scalar, eq_reduce_wide_sum_t) {
  const eq_requant_t q = p->requant;
  for (int32_t i = range.begin; i < range.end; i++) {
    const int32_t acc = eq_reduce_all(&p->shape, input + eq_reduce_first(&p->shape, i), p->bias, EQ_REDUCE_SUM);
    const int32_t y = eq_scale_acc(acc, q.multiplier[0], q.shift[0], EQ_REQUANT_TFLITE);
    output[i] = (int16_t)eq_clamp(y + q.output_zero_point, q.act_min, q.act_max);
  }
}
