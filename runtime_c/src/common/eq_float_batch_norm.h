/* batch_norm, portable C, for the element that was included before. */
#include "eq_batch_norm.h"
#include "eq_float_sqrt.h"

void KERNEL(batch_norm, scalar)(const eq_batch_norm_t *p, const ELEMENT *input, ELEMENT *output, eq_range_t range) {
  for (int32_t c = range.begin; c < range.end; c++) {
    const float mean = p->statistics[c], bias = p->bias[c];
    const float factor = p->gain[c] / eq_float_sqrt(p->statistics[p->channels + c] + p->epsilon);
    for (int32_t at = c; at < p->pixels * p->channels; at += p->channels) {
      STORE(output + at, eq_clampf((LOAD(input + at) - mean) * factor + bias, p->act_min, p->act_max));
    }
  }
}
