/* binary_conv2d, Xpulp / CORE-V. The header states the contract, eq_xpulp_signs.h how outputs are made. */
#include "eq_binary_patch.h"
#include "eq_xpulp_signs.h"

EQ_BINARY_CONV2D_PROTOTYPE(eq_binary_conv2d_xpulp) {
  const int32_t words = eq_binary_words(p), groups = (p->out_c + 3) / 4;
  uint32_t *const patches = scratch;
  eq_xpulp_signs_t s;
  s.result_shift = p->result_shift;
  s.act_mins = ((uint32_t)p->act_min & 0xffu) * 0x01010101u;
  s.act_maxs = ((uint32_t)p->act_max & 0xffu) * 0x01010101u;
  int32_t oy = range.begin / p->out_w, ox = range.begin % p->out_w;
  for (int32_t pixel = range.begin; pixel < range.end; pixel += EQ_XPULP_PIXELS) {
    const int32_t count = range.end - pixel < EQ_XPULP_PIXELS ? range.end - pixel : EQ_XPULP_PIXELS;
    const int8_t *x[EQ_XPULP_PIXELS];
    int8_t *y[EQ_XPULP_PIXELS];
    for (int32_t i = 0; i < EQ_XPULP_PIXELS; i++) {
      const int32_t place = i < count ? i : count - 1; /* a missing pixel repeats the last one */
      x[i] = (const int8_t *)(patches + place * words);
      y[i] = output + (pixel + place) * p->out_c;
      if (i < count) {
        s.base[i] = eq_binary_patch(p, input, oy, ox, patches + i * words);
        if (++ox == p->out_w) {
          ox = 0;
          oy++;
        }
      } else {
        s.base[i] = s.base[count - 1];
      }
    }
    eq_xpulp_operands(&s.block, x, words, p->weights, NULL, count);
    s.step = p->step;
    for (int32_t group = 0; group < groups; group += EQ_XPULP_GROUPS) {
      s.block.groups = groups - group < EQ_XPULP_GROUPS ? groups - group : EQ_XPULP_GROUPS;
      eq_xpulp_sum_signs(&s.block);
      eq_xpulp_put_signs(&s.block, 4 * group, p->out_c, y);
    }
  }
}
