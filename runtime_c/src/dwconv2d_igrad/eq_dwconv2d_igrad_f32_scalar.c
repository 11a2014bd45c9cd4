/* dwconv2d_igrad, float32, portable C. The header states the contract. */
#include "eq_dwconv2d_igrad.h"
#include "eq_element_f32.h"
#include "eq_float_dwconv2d_pixel.h"
#include "eq_float_conv2d_igrad.h"

EQ_CONV2D_IGRAD_F32_PROTOTYPE(eq_dwconv2d_igrad_f32_scalar) {
  eq_conv2d_igrad(p, dy, dx, scratch, range, eq_float_dwconv2d_pixel, 1, 4, 1, 1);
}
