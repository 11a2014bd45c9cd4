/* dwconv2d_igrad, FP16 storage, portable C. The header states the contract. */
#include "eq_dwconv2d_igrad.h"
#include "eq_element_f16.h"
#include "eq_float_dwconv2d_pixel.h"
#include "eq_float_conv2d_igrad.h"

EQ_CONV2D_IGRAD_F16_PROTOTYPE(eq_dwconv2d_igrad_f16_scalar) {
  eq_conv2d_igrad(p, dy, dx, scratch, range, eq_float_dwconv2d_pixel, 1, 4, 1, 1);
}
