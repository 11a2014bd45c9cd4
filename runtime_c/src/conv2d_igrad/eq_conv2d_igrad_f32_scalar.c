/* conv2d_igrad, float32, portable C. The header states the contract. */
#include "eq_element_f32.h"
#include "eq_float_conv2d_block.h"
#include "eq_float_conv2d_igrad.h"

EQ_CONV2D_IGRAD_F32_PROTOTYPE(eq_conv2d_igrad_f32_scalar) {
  eq_conv2d_igrad(p, dy, dx, scratch, range, eq_float_conv2d_block, EQ_FLOAT_PIXELS, EQ_FLOAT_LANES, 2, 0);
}
