/* dwconv2d in floating point, MVE, for the element that was included before. */
#include "eq_mve_float_dwconv2d_pixel.h"

void KERNEL(dwconv2d, mve)(const RECORD(dwconv2d) *p, const ELEMENT *restrict input, ELEMENT *restrict output,
                           void *restrict scratch, eq_range_t range) {
  for (int32_t pixel = range.begin; pixel < range.end; pixel++) {
    eq_mve_dwconv2d_pixel(p, input, pixel, 1, output + pixel * p->out_c, p->out_c, scratch);
  }
}
