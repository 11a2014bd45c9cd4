/* svdf, elements of 8 bits, portable C. The header states the contract. */
#define ELEMENT int8_t
#define SVDF(form) eq_svdf_s8_##form##_scalar
#include "eq_svdf_run.h"
