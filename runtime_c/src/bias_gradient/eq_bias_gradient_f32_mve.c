/* bias_gradient, float32, Armv8.1-M MVE. The header states the contract. */
#include "eq_element_f32.h"
#include "eq_mve_float_bias_gradient.h"
