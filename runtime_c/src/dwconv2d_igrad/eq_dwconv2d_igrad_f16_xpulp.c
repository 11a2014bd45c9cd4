/* dwconv2d_igrad, FP16 storage, Xpulp with smallfloat, an even number of channels. The header states the contract. */
#include "eq_dwconv2d_igrad.h"
#include "eq_xpulp_dwconv2d_f16.h"
#include "eq_float_conv2d_igrad.h"

EQ_CONV2D_IGRAD_F16_PROTOTYPE(eq_dwconv2d_igrad_f16_xpulp) {
  float *const behind_zeros = (float *)scratch + ((p->in_c + 3) & ~3);
  eq_xpulp_dwconv2d_begin(behind_zeros, p->in_c);
  eq_conv2d_igrad(p, dy, dx, scratch, range, eq_xpulp_dwconv2d_pixel, 1, 4, 2, 1);
}
