/* bias_gradient, FP16 storage, Xpulp with smallfloat: two channels at a time, products of a word with (1, 0) and
 * (0, 1). The header states the contract. */
#include "eq_bias_gradient.h"
#include "eq_xpulp_f16.h"

void eq_bias_gradient_f16_xpulp(const eq_bias_gradient_t *p, const eq_f16_t *restrict dy, float *restrict db,
                                eq_range_t range) {
  const eq_xpulp_pair_t even = eq_xpulp_pair_of(0x3c00u), odd = eq_xpulp_pair_of(0x3c000000u);
  const int32_t channels = p->channels;
  for (int32_t c = range.begin; c < range.end; c += 2) {
    const eq_f16_t *at = dy + c;
    float low = 0.0f, high = 0.0f;
    int32_t left = p->pixels;
    for (; left >= 4; left -= 4) {
      const eq_xpulp_pair_t d0 = eq_xpulp_load_pair(at), d1 = eq_xpulp_load_pair(at + channels);
      at += 2 * channels;
      const eq_xpulp_pair_t d2 = eq_xpulp_load_pair(at), d3 = eq_xpulp_load_pair(at + channels);
      at += 2 * channels;
      low = eq_xpulp_dotpex(eq_xpulp_dotpex(low, d0, even), d1, even);
      high = eq_xpulp_dotpex(eq_xpulp_dotpex(high, d0, odd), d1, odd);
      low = eq_xpulp_dotpex(eq_xpulp_dotpex(low, d2, even), d3, even);
      high = eq_xpulp_dotpex(eq_xpulp_dotpex(high, d2, odd), d3, odd);
    }
    for (; left > 0; left--) {
      const eq_xpulp_pair_t d0 = eq_xpulp_load_pair(at);
      low = eq_xpulp_dotpex(low, d0, even);
      high = eq_xpulp_dotpex(high, d0, odd);
      at += channels;
    }
    db[c] = low;
    db[c + 1] = high;
  }
}
