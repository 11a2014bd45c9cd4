/* bias_gradient, FP16 storage, Armv8.1-M MVE. The header states the contract. */
#include "eq_element_f16.h"
#include "eq_mve_float_bias_gradient.h"
