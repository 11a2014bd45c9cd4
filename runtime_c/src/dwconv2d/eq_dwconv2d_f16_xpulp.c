/* dwconv2d, FP16 storage, Xpulp with smallfloat, an even number of channels. The header states the contract. */
#include "eq_xpulp_dwconv2d_f16.h"

EQ_CONV2D_F16_PROTOTYPE(eq_dwconv2d_f16_xpulp) {
  const int32_t line = p->out_w * p->out_c;
  for (int32_t unit = range.begin, rows; unit < range.end; unit += rows) {
    const int32_t pair = unit / p->out_h, first = unit - pair * p->out_h, left = range.end - unit;
    rows = left < p->out_h - first ? left : p->out_h - first;
    eq_xpulp_dwconv2d_rows(p, input, 2 * pair, first, rows, output + first * line, p->out_c, line, scratch);
  }
}
