/* resize_bilinear, int8, portable C. The header states the contract. */
#define ELEMENT int8_t
#define ACC int32_t
#define RESIZE eq_resize_bilinear_s8_scalar
#include "eq_resize_bilinear_run.h"
