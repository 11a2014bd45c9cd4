/* binary_conv2d, Xpulp / CORE-V. The header states the contract, eq_xpulp_signs.h how bits are counted. */
#include "eq_binary_patch.h"
#include "eq_xpulp_signs.h"

static EQ_INLINE void conv2d(const eq_binary_conv2d_t *p, const uint32_t *restrict input, int8_t *restrict output,
                             void *restrict scratch, eq_range_t range, eq_requant_form_t form) {
  const int32_t words = eq_binary_words(p), channels = (p->out_c + 3) & ~3;
  const eq_xpulp_requant_t q = eq_xpulp_requant(&p->requant);
  uint32_t *const patches = scratch;
  int32_t *const outside = (int32_t *)(patches + EQ_XPULP_PIXELS * words);
  for (int32_t pixel = range.begin; pixel < range.end; pixel += EQ_XPULP_PIXELS) {
    const int32_t count = range.end - pixel < EQ_XPULP_PIXELS ? range.end - pixel : EQ_XPULP_PIXELS;
    const int8_t *x[EQ_XPULP_PIXELS];
    int32_t borders = 0;
    eq_xpulp_signs_t s;
    for (int32_t i = 0; i < count; i++) {
      x[i] = (const int8_t *)(patches + i * words);
      borders |= eq_binary_patch(p, input, pixel + i, patches + i * words, outside + i * channels) << i;
    }
    eq_xpulp_operands(&s.block, x, words, p->weights, p->bias, count);
    s.channel = 0;
    s.at_border = borders != 0;
    if (borders != 0) {
      for (int32_t i = 0; i < EQ_XPULP_PIXELS; i++) {
        int32_t *const of_pixel = outside + (i < count ? i : count - 1) * channels;
        s.outside[i] = of_pixel;
        for (int32_t o = 0; i < count && (borders >> i & 1) == 0 && o < channels; o++) {
          of_pixel[o] = 0;
        }
      }
    }
    eq_xpulp_channels(&s.block, &q, p->out_c, output + pixel * p->out_c, count, form, eq_xpulp_sum_signs);
  }
}

EQ_BINARY_CONV2D_FUNCTIONS(xpulp)
