/* conv2d_igrad, FP16 storage, Armv8.1-M MVE. The header states the contract. */
#include "eq_element_f16.h"
#include "eq_mve_float_conv2d_block.h"
#include "eq_float_conv2d_igrad.h"

EQ_CONV2D_IGRAD_F16_PROTOTYPE(eq_conv2d_igrad_f16_mve) {
  eq_conv2d_igrad(p, dy, dx, scratch, range, eq_mve_conv2d_block, EQ_MVE_FLOAT_PIXELS, EQ_MVE_FLOAT_LANES, 1, 0);
}
