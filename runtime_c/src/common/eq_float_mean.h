/* mean in floating point, portable C, for the element that was included before. */
#include "eq_mean_float.h"

void KERNEL(mean, scalar)(const RECORD(mean) *p, const ELEMENT *restrict input, ELEMENT *restrict output,
                          eq_range_t range) {
  for (int32_t c = range.begin; c < range.end; c++) {
    const ELEMENT *x = input + c;
    float sum = 0.0f;
    for (int32_t pixel = 0; pixel < p->pixels; pixel++) {
      sum += LOAD(x);
      x += p->channels;
    }
    STORE(output + c, eq_clampf(sum / (float)p->pixels, p->act_min, p->act_max));
  }
}
