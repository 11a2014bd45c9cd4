/* front_end with int16 features, Helium. The header states the contract. */
#include "eq_high_dsp.h"

#include "eq_front_end_mve.h"

#include "eq_front_end_frame.h"

void eq_front_end_s16_mve(const eq_front_end_t *p, const int16_t *restrict input, int16_t *restrict output,
                                  int8_t *restrict scratch, eq_range_t range) {
  output += range.begin * p->features;
  for (int32_t frame = range.begin; frame < range.end; frame++) {
    const int32_t *const values = eq_front_end_analyse(p, input, frame, scratch);
    for (int32_t feature = 0; feature < p->features; feature++) {
      *output++ = (int16_t)eq_front_end_step(p, values, feature, INT16_MIN, INT16_MAX);
    }
  }
}
