/* reduce in floating point, portable C, for the element that was included before. */
#include "eq_reduce_first.h"
#include "eq_reduce_float.h"

void KERNEL(reduce, scalar)(const RECORD(reduce) *p, const ELEMENT *restrict input, ELEMENT *restrict output,
                            eq_range_t range) {
  const eq_reduce_shape_t *const s = &p->shape;
  for (int32_t index = range.begin; index < range.end; index++) {
    const ELEMENT *const x = input + eq_reduce_first(s, index);
    float sum = 0.0f;
    for (int32_t j0 = 0; j0 < s->reduced[0]; j0++) {
      for (int32_t j1 = 0; j1 < s->reduced[1]; j1++) {
        const ELEMENT *const row = x + (j0 * s->stride[0] + j1 * s->stride[1]);
        for (int32_t j2 = 0; j2 < s->reduced[2]; j2++) {
          sum += LOAD(row + j2 * s->stride[2]);
        }
      }
    }
    STORE(output + index, eq_clampf(sum / p->divisor, p->act_min, p->act_max));
  }
}
