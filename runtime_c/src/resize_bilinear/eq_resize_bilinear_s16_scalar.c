/* resize_bilinear, int16, portable C. The header states the contract. */
#include "eq_resize_bilinear.h"

/* (1024 - share) * a + share * b, with one multiplication. */
static inline int64_t mixed(int64_t a, int64_t b, int32_t share) { return a * 1024 + (b - a) * share; }

void eq_resize_bilinear_s16_scalar(const eq_resize_bilinear_s8_t *p, const int16_t *restrict input,
                                   int16_t *restrict output, eq_range_t range) {
  const int32_t channels = p->channels;
  int16_t *y = output + range.begin * channels;
  for (int32_t pixel = range.begin; pixel < range.end; pixel++) {
    const int32_t *const row = p->rows + pixel / p->out_w * 3;
    const int32_t *const column = p->columns + pixel % p->out_w * 3;
    const int16_t *const above = input + row[0], *const below = input + row[1];
    const int32_t left = column[0], right = column[1], dy = row[2], dx = column[2];
    for (int32_t c = 0; c < channels; c++) {
      const int64_t upper = mixed(above[left + c], above[right + c], dx);
      const int64_t lower = mixed(below[left + c], below[right + c], dx);
      const int64_t acc = mixed(upper, lower, dy);
      const int64_t half = acc > 0 ? 1 << 19 : -(1 << 19);
      *y++ = (int16_t)((acc + half) / (1 << 20));
    }
  }
}
