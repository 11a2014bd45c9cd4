/* pad, int8, portable C. The header states the contract. */
#include "eq_pad.h"
#include "eq_memory.h"

void eq_pad_s8_scalar(const eq_pad_s8_t *p, const int8_t *restrict input, int8_t *restrict output, eq_range_t range) {
  const size_t row_bytes = (size_t)(p->out_w * p->out_c);
  for (int32_t y = range.begin; y < range.end; y++) {
    int8_t *const row = output + (size_t)y * row_bytes;
    const int32_t iy = y - p->pad_top;
    memset(row, p->value, row_bytes);
    if (iy < 0 || iy >= p->in_h) {
      continue;
    }
    const int8_t *source = input + iy * p->in_w * p->in_c;
    if (p->in_c == p->out_c) {
      memcpy(row + p->pad_left * p->out_c, source, (size_t)(p->in_w * p->in_c));
      continue;
    }
    for (int32_t x = 0; x < p->in_w; x++) {
      memcpy(row + (x + p->pad_left) * p->out_c + p->pad_front_c, source, (size_t)p->in_c);
      source += p->in_c;
    }
  }
}
