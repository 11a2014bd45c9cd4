/* add, int8, plain RV32IM (no SIMD). The header states the contract. Four elements a turn. */
#include "eq_add.h"
#include "eq_inline.h"

static EQ_INLINE int8_t element(eq_add_s8_t q, int32_t x, int32_t z) {
  int32_t y = (q.a * x + q.b * z + q.c) >> q.n;
  if (__builtin_expect(y < q.act_min, 0)) {
    y = q.act_min;
  }
  if (__builtin_expect(y > q.act_max, 0)) {
    y = q.act_max;
  }
  return (int8_t)y;
}

void eq_add_s8_rv32im(const eq_add_s8_t *p, const int8_t *input1, const int8_t *input2, int8_t *output,
                      eq_range_t range) {
  const eq_add_s8_t q = *p;
  const int8_t *x = input1 + range.begin, *z = input2 + range.begin;
  int8_t *y = output + range.begin;
  const int8_t *const end = input1 + range.end;
  while (end - x >= 4) {
    y[0] = element(q, x[0], z[0]);
    y[1] = element(q, x[1], z[1]);
    y[2] = element(q, x[2], z[2]);
    y[3] = element(q, x[3], z[3]);
    x += 4;
    z += 4;
    y += 4;
  }
  while (x < end) {
    *y++ = element(q, *x++, *z++);
  }
}
