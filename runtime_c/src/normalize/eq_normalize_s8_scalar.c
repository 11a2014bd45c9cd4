/* normalize, int8, portable C. The header states the contract. */
#include "eq_normalize.h"

/* floor(sqrt(w)), one bit a step. */
static uint32_t square_root(uint64_t w) {
  uint64_t root = 0;
  for (uint64_t bit = (uint64_t)1 << 62; bit != 0u; bit >>= 2) {
    if (w >= root + bit) {
      w -= root + bit;
      root = (root >> 1) + bit;
    } else {
      root >>= 1;
    }
  }
  return (uint32_t)root;
}

/* min(floor(2^61 / root), 2^31 - 1) for 2^30 <= root < 2^31, one bit a step, so that no 64-bit division is needed. */
static int32_t reciprocal(uint32_t root) {
  uint32_t rest = (uint32_t)1 << 30, quotient = 0;
  for (int32_t step = 0; step < 32; step++) {
    quotient <<= 1;
    if (rest >= root) {
      rest -= root;
      quotient |= 1u;
    }
    rest <<= 1;
  }
  return quotient > (uint32_t)INT32_MAX ? INT32_MAX : (int32_t)quotient;
}

/* W of the set at x; *sum becomes what is taken off n * x. */
static uint64_t spread(const eq_normalize_s8_t *p, const int8_t *x, int32_t *sum) {
  const int32_t n = p->runs * p->inner, offset = p->centred ? 0 : p->offset;
  int32_t total = 0;
  uint64_t squares = 0;
  for (int32_t i = 0; i < p->runs; i++) {
    const int8_t *const run = x + i * p->run_stride;
    for (int32_t j = 0; j < p->inner; j++) {
      const int32_t u = run[j] + offset;
      total += u;
      squares += (uint32_t)(u * u);
    }
  }
  uint64_t w = (uint64_t)(uint32_t)n * squares;
  *sum = p->centred ? total : -n * offset;
  if (p->centred) {
    w -= (uint64_t)((int64_t)total * total);
  }
  w += ((uint64_t)(uint32_t)p->epsilon_high << 31) + (uint32_t)p->epsilon_low;
  return w == 0u ? 1u : w;
}

void eq_normalize_s8_scalar(const eq_normalize_s8_t *p, const int8_t *input, int8_t *output, eq_range_t range) {
  const int32_t n = p->runs * p->inner;
  for (int32_t s = range.begin; s < range.end; s++) {
    const int8_t *const x = input + s * p->set_stride;
    int8_t *const y = output + s * p->set_stride;
    const int32_t *const gain = p->gain + s * p->gain_stride, *const bias = p->bias + s * p->gain_stride;
    int32_t sum, a = 0;
    uint64_t w = spread(p, x, &sum);
    while (w < (uint64_t)1 << 60) {
      w <<= 2;
      a++;
    }
    const int32_t r = reciprocal(square_root(w));
    const int32_t down = 43 - a;
    for (int32_t i = 0; i < p->runs; i++) {
      for (int32_t j = 0; j < p->inner; j++) {
        const int32_t at = i * p->run_stride + j;
        const int64_t t = ((int64_t)(n * x[at] - sum) * r + ((int64_t)1 << (down - 1))) >> down;
        const int64_t scaled = t * gain[j] + (int64_t)bias[j] * (1 << EQ_NORMALIZE_FRACTION);
        const int64_t value = scaled >> (EQ_NORMALIZE_FRACTION + p->shift);
        y[at] = (int8_t)(value < p->act_min ? p->act_min : (value > p->act_max ? p->act_max : value));
      }
    }
  }
}
