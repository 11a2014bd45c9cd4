/* pad, int16, portable C. The header states the contract. */
#define ELEMENT int16_t
#define PAD eq_pad_s16_scalar
#include "eq_pad_run.h"
