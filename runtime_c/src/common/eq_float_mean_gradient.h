/* mean_gradient, portable C, for the element that was included before. */
#include "eq_mean_gradient.h"

void KERNEL(mean_gradient, scalar)(const eq_mean_gradient_t *p, const ELEMENT *restrict dy, ELEMENT *restrict dx,
                                   eq_range_t range) {
  for (int32_t c = 0; c < p->channels; c++) {
    ELEMENT share;
    STORE(&share, LOAD(dy + c) / (float)p->pixels);
    for (int32_t pixel = range.begin; pixel < range.end; pixel++) {
      dx[pixel * p->channels + c] = share;
    }
  }
}
