/* resize_bilinear, portable C. Define ELEMENT, ACC (a type for 2^20 elements) and RESIZE, the kernel's name, before it is
 * included. */
#include "eq_resize_bilinear.h"

/* (1024 - share) * a + share * b, with one multiplication. */
static inline ACC mixed(ACC a, ACC b, int32_t share) { return a * 1024 + (b - a) * share; }

void RESIZE(const eq_resize_bilinear_s8_t *p, const ELEMENT *restrict input, ELEMENT *restrict output,
            eq_range_t range) {
  const int32_t channels = p->channels;
  ELEMENT *y = output + range.begin * channels;
  for (int32_t pixel = range.begin; pixel < range.end; pixel++) {
    const int32_t *const row = p->rows + pixel / p->out_w * 3;
    const int32_t *const column = p->columns + pixel % p->out_w * 3;
    const ELEMENT *const above = input + row[0], *const below = input + row[1];
    const int32_t left = column[0], right = column[1], dy = row[2], dx = column[2];
    for (int32_t c = 0; c < channels; c++) {
      const ACC upper = mixed(above[left + c], above[right + c], dx);
      const ACC lower = mixed(below[left + c], below[right + c], dx);
      const ACC acc = mixed(upper, lower, dy);
      const ACC half = acc > 0 ? 1 << 19 : -(1 << 19);
      *y++ = (ELEMENT)((acc + half) / (1 << 20));
    }
  }
}
