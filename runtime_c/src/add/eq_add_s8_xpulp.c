/* add, int8, Xpulp / CORE-V. The header states the contract. Four elements a word of output. */
#include "eq_add.h"
#include "eq_xpulp.h"

/* Clipped to int8. The sum wraps only where the scalar formula would overflow, which the generator rules out. */
static EQ_INLINE uint32_t element(const eq_add_s8_t q, int32_t x, int32_t z) {
  return (uint32_t)eq_xcv_clip(eq_xcv_addNr(eq_xcv_mac(q.a * x, q.b, z), q.c, q.n), 8);
}

void eq_add_s8_xpulp(const eq_add_s8_t *p, const int8_t *input1, const int8_t *input2, int8_t *output,
                     eq_range_t range) {
  const eq_add_s8_t q = *p;
  const uint32_t low = ((uint32_t)q.act_min & 0xffu) * 0x01010101u, high = ((uint32_t)q.act_max & 0xffu) * 0x01010101u;
  const int8_t *x = input1 + range.begin, *z = input2 + range.begin;
  int8_t *y = output + range.begin;
  const int8_t *const end = input1 + range.end;
  while (end - x >= 4) {
    const int32_t x0 = eq_xcv_load_b(x, 1), z0 = eq_xcv_load_b(z, 1), x1 = eq_xcv_load_b(x, 1);
    const int32_t z1 = eq_xcv_load_b(z, 1), x2 = eq_xcv_load_b(x, 1), z2 = eq_xcv_load_b(z, 1);
    const int32_t x3 = eq_xcv_load_b(x, 1), z3 = eq_xcv_load_b(z, 1);
    const uint32_t y0 = element(q, x0, z0), y1 = element(q, x1, z1), y2 = element(q, x2, z2), y3 = element(q, x3, z3);
    const uint32_t word = eq_xcv_packhi_b(eq_xcv_packlo_b(y0, y1, y0), y3, y2);
    eq_xpulp_store(y, eq_xcv_min_b(eq_xcv_max_b(word, low), high));
    y += 4;
  }
  while (x < end) {
    *y++ = (int8_t)eq_clamp((int32_t)element(q, *x++, *z++), q.act_min, q.act_max);
  }
}
