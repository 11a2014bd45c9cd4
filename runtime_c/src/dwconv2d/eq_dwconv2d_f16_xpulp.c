/* dwconv2d, FP16 storage, Xpulp with smallfloat, an even number of channels. The header states the contract. */
#include "eq_xpulp_dwconv2d_f16.h"

EQ_CONV2D_F16_PROTOTYPE(eq_dwconv2d_f16_xpulp) {
  eq_xpulp_dwconv2d_begin(scratch, p->out_c);
  for (int32_t pixel = range.begin; pixel < range.end; pixel++) {
    eq_xpulp_dwconv2d_pixel(p, input, pixel, 1, output + pixel * p->out_c, p->out_c, scratch);
  }
}
