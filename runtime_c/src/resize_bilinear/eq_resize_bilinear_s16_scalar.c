/* resize_bilinear, int16, portable C. The header states the contract. */
#define ELEMENT int16_t
#define ACC int64_t
#define RESIZE eq_resize_bilinear_s16_scalar
#include "eq_resize_bilinear_run.h"
