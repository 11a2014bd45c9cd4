/* dwconv2d_wgrad, float32, Armv8.1-M MVE. The header states the contract. */
#include "eq_element_f32.h"
#include "eq_mve_float_dwconv2d_wgrad.h"
