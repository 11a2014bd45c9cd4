/* conv2d, FP16 storage, Xpulp with smallfloat. The header states the contract, eq_xpulp_f16.h the matrix product. */
#include "eq_xpulp_conv2d_f16.h"

EQ_CONV2D_F16_PROTOTYPE(eq_conv2d_f16_xpulp) {
  for (int32_t pixel = range.begin; pixel < range.end; pixel += EQ_XPULP_F16_PIXELS) {
    const int32_t left = range.end - pixel;
    const int32_t pixels = left < EQ_XPULP_F16_PIXELS ? left : EQ_XPULP_F16_PIXELS;
    eq_xpulp_conv2d_block(p, input, pixel, pixels, output + pixel * p->out_c, p->out_c, scratch);
  }
}
