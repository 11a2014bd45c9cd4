/* clamp, int8, portable C. The header states the contract. */
#include "eq_clamp.h"

#include "eq_requant.h"

void eq_clamp_s8_scalar(const eq_clamp_s8_t *p, const int8_t *input, int8_t *output, eq_range_t range) {
  const eq_clamp_s8_t q = *p;
  for (int32_t i = range.begin; i < range.end; i++) {
    output[i] = (int8_t)eq_clamp(input[i], q.act_min, q.act_max);
  }
}
