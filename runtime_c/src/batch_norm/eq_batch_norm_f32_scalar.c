/* batch_norm, float32, portable C. The header states the contract. */
#include "eq_element_f32.h"
#include "eq_float_batch_norm.h"
