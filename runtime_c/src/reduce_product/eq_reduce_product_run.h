/* reduce_product for one element type: define ELEMENT and PRODUCT, then include. */
#include "eq_reduce_product.h"
#include "eq_reduce_run.h"
#include "eq_requant.h"

static EQ_INLINE int64_t scaled(int64_t acc, const eq_reduce_product_t *p) {
  return (acc * p->multiplier + ((int64_t)1 << (p->shift - 1))) >> p->shift;
}

EQ_REDUCE_PRODUCT_PROTOTYPE(PRODUCT, ELEMENT) {
  const eq_reduce_shape_t *const s = &p->shape;
  for (int32_t i = range.begin; i < range.end; i++) {
    const ELEMENT *x = input + eq_reduce_first(s, i);
    int64_t product = 0;
    int32_t first = 1;
    for (int32_t j0 = 0; j0 < s->reduced[0]; j0++) {
      for (int32_t j1 = 0; j1 < s->reduced[1]; j1++) {
        const ELEMENT *row = x + (j0 * s->stride[0] + j1 * s->stride[1]);
        for (int32_t j2 = 0; j2 < s->reduced[2]; j2++) {
          const int32_t factor = row[j2 * s->stride[2]] - p->zero_point;
          product = first ? factor : scaled(product * factor, p);
          first = 0;
        }
      }
    }
    output[i] = (ELEMENT)eq_clamp((int32_t)scaled(product, p) + p->output_zero_point, p->act_min, p->act_max);
  }
}
