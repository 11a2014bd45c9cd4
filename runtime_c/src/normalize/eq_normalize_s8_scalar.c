/* normalize, int8, portable C. The header states the contract. */
#include "eq_normalize_portable.h"

static EQ_INLINE void eq_normalize_sums(const int8_t *x, int32_t n, int32_t *sum, int32_t *squares) {
  int32_t total = *sum, square = *squares;
  for (const int8_t *const end = x + n; x != end; x++) {
    total += *x;
    square += *x * *x;
  }
  *sum = total;
  *squares = square;
}

void eq_normalize_s8_scalar(const eq_normalize_s8_t *p, const int8_t *input, int8_t *output, eq_range_t range) {
  eq_normalize_run(p, input, output, range);
}
