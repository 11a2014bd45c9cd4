/* The loops of pad for one element type: define ELEMENT and PAD, then include. */
#include "eq_memory.h"
#include "eq_pad.h"

void PAD(const eq_pad_s8_t *p, const ELEMENT *restrict input, ELEMENT *restrict output, eq_range_t range) {
  const int32_t row_elements = p->out_w * p->out_c;
  for (int32_t y = range.begin; y < range.end; y++) {
    ELEMENT *const row = output + y * row_elements;
    const int32_t iy = y - p->pad_top;
    for (int32_t i = 0; i < row_elements; i++) {
      row[i] = (ELEMENT)p->value;
    }
    if (iy < 0 || iy >= p->in_h) {
      continue;
    }
    const ELEMENT *source = input + iy * p->in_w * p->in_c;
    for (int32_t x = 0; x < p->in_w; x++) {
      memcpy(row + (x + p->pad_left) * p->out_c + p->pad_front_c, source, (size_t)p->in_c * sizeof(ELEMENT));
      source += p->in_c;
    }
  }
}
