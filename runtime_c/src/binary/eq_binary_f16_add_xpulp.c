/* binary, add of two activations of one shape, FP16 storage, Xpulp with smallfloat. The header states the contract. */
#include "eq_binary_float.h"
#include "eq_xpulp_f16.h"

static EQ_INLINE void add_word(const eq_f16_t *a, const eq_f16_t *b, eq_f16_t *y, uint32_t floor) {
  const eq_xpulp_pair_t sum = eq_xpulp_add_halves(eq_xpulp_load_pair(a), eq_xpulp_load_pair(b));
  eq_xpulp_store_word(y, eq_xcv_max_h(eq_xpulp_bits(sum), floor));
}

EQ_BINARY_FLOAT_PROTOTYPE(eq_binary_f16_add_xpulp, eq_f16_t) {
  const eq_xpulp_limits_t limits = eq_xpulp_limits_of(p->act_min, p->act_max);
  const float low = p->act_min, high = p->act_max;
  const eq_f16_t *a = input1 + range.begin, *b = input2 + range.begin;
  eq_f16_t *y = output + range.begin;
  int32_t left = range.end - range.begin;
  if (limits.others == 0) {
    for (; left >= 8; left -= 8) {
      add_word(a, b, y, limits.floor);
      add_word(a + 2, b + 2, y + 2, limits.floor);
      add_word(a + 4, b + 4, y + 4, limits.floor);
      add_word(a + 6, b + 6, y + 6, limits.floor);
      a += 8;
      b += 8;
      y += 8;
    }
  }
  for (; left > 0; left--) {
    eq_f16_store(y++, eq_clampf(eq_f16_load(a++) + eq_f16_load(b++), low, high));
  }
}
