/* conv2d_igrad, FP16 storage, Xpulp with smallfloat. The header states the contract. */
#include "eq_xpulp_conv2d_f16.h"
#include "eq_float_conv2d_igrad.h"

EQ_CONV2D_IGRAD_F16_PROTOTYPE(eq_conv2d_igrad_f16_xpulp) {
  eq_conv2d_igrad(p, dy, dx, scratch, range, eq_xpulp_conv2d_block, EQ_XPULP_F16_PIXELS, EQ_XPULP_F16_LANES, 4, 0);
}
