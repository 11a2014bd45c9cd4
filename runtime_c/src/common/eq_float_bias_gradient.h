/* bias_gradient, portable C, for the element that was included before. */
#include "eq_bias_gradient.h"

void KERNEL(bias_gradient, scalar)(const eq_bias_gradient_t *p, const ELEMENT *restrict dy, float *restrict db,
                                   eq_range_t range) {
  int32_t c = range.begin;
  if ((p->channels & 1) == 0) { /* four neighbours are aligned as LOAD4 wants them */
    for (; c + 4 <= range.end; c += 4) {
      const ELEMENT *at = dy + c;
      eq_float4_t sum = {0.0f, 0.0f, 0.0f, 0.0f};
      for (int32_t pixel = p->pixels; pixel > 0; pixel--) {
        const eq_float4_t d = LOAD4(at);
        sum.v0 += d.v0;
        sum.v1 += d.v1;
        sum.v2 += d.v2;
        sum.v3 += d.v3;
        at += p->channels;
      }
      db[c] = sum.v0;
      db[c + 1] = sum.v1;
      db[c + 2] = sum.v2;
      db[c + 3] = sum.v3;
    }
  }
  for (; c < range.end; c++) {
    const ELEMENT *at = dy + c;
    float sum = 0.0f;
    for (int32_t pixel = p->pixels; pixel > 0; pixel--) {
      sum += LOAD(at);
      at += p->channels;
    }
    db[c] = sum;
  }
}
