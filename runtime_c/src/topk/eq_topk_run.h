/* topk for one element type: define ELEMENT and NAME (of a direction), then include. */
#include "eq_inline.h"
#include "eq_topk.h"

/* Every turn looks for the best of the elements behind the last one in order: smaller ones, and equal ones that come
 * later. `sign` is 1 for the largest first and -1 for the smallest first. */
static EQ_INLINE void topk(const eq_topk_t *p, const ELEMENT *restrict input, ELEMENT *restrict values,
                           int8_t *restrict indices, eq_range_t range, int32_t sign) {
  for (int32_t row = range.begin; row < range.end; row++) {
    const ELEMENT *x = input + row * p->count;
    int32_t last = INT32_MAX, last_at = -1;
    for (int32_t j = 0; j < p->k; j++) {
      int32_t best = INT32_MIN, at = 0;
      for (int32_t i = 0; i < p->count; i++) {
        const int32_t value = sign * x[i];
        if ((value < last || (value == last && i > last_at)) && value > best) {
          best = value;
          at = i;
        }
      }
      values[row * p->k + j] = x[at];
      if (indices) {
        indices[row * p->k + j] = (int8_t)at;
      }
      last = best;
      last_at = at;
    }
  }
}

EQ_TOPK_PROTOTYPE(NAME(max), ELEMENT) { topk(p, input, values, indices, range, 1); }

EQ_TOPK_PROTOTYPE(NAME(min), ELEMENT) { topk(p, input, values, indices, range, -1); }
