/* What a set's mean and deviation are, for the element that was included before. */
#include "eq_float_sqrt.h"
#include "eq_normalize_float.h"

/* `mean` is 0 where a normalization is not centred; `factor`: 1 / sqrt(mean square + epsilon). */
typedef struct {
  float mean, factor;
} eq_normalize_set_t;

/* Of the set that begins at x. */
EQ_FLOAT_INLINE eq_normalize_set_t eq_normalize_set(const RECORD(normalize) *p, const ELEMENT *x) {
  const float count = (float)(p->runs * p->inner);
  eq_normalize_set_t set = {0.0f, 0.0f};
  if (p->centred != 0) {
    float sum = 0.0f;
    for (int32_t i = 0; i < p->runs; i++) {
      for (int32_t j = 0; j < p->inner; j++) {
        sum += LOAD(x + i * p->run_stride + j);
      }
    }
    set.mean = sum / count;
  }
  float square = 0.0f;
  for (int32_t i = 0; i < p->runs; i++) {
    for (int32_t j = 0; j < p->inner; j++) {
      const float d = LOAD(x + i * p->run_stride + j) - set.mean;
      square = eq_fma(d, d, square);
    }
  }
  set.factor = 1.0f / eq_float_sqrt(square / count + p->epsilon);
  return set;
}
