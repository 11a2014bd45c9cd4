/* curve, int16: any function through a table, portable C. The header states the contract. */
#include "eq_curve.h"

#include "eq_interpolate.h"

void eq_curve_s16_table_scalar(const eq_curve_table_s16_t *p, const int16_t *input, int16_t *output,
                               eq_range_t range) {
  const eq_curve_table_s16_t q = *p;
  for (int32_t i = range.begin; i < range.end; i++) {
    output[i] = (int16_t)eq_interpolate(q.table, input[i]);
  }
}
