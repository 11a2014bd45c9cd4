/* svdf, elements of 16 bits, portable C. The header states the contract. */
#define ELEMENT int16_t
#define SVDF(form) eq_svdf_s16_##form##_scalar
#include "eq_svdf_run.h"
