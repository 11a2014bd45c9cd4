/* front_end with int16 features, portable C. The header states the contract. */
#include "eq_front_end_frame.h"

void eq_front_end_s16_scalar(const eq_front_end_t *p, const int16_t *restrict input, int16_t *restrict output,
                              int8_t *restrict scratch, eq_range_t range) {
  const eq_front_end_scratch_t parts = eq_front_end_parts(p, scratch);
  for (int32_t frame = range.begin; frame < range.end; frame++) {
    eq_front_end_analyse(p, input, frame, &parts);
    for (int32_t feature = 0; feature < p->features; feature++) {
      const int32_t value = eq_front_end_feature(p, parts.values, feature, INT16_MIN, INT16_MAX);
      output[frame * p->features + feature] = (int16_t)value;
    }
  }
}
