/* pad, int32 or any 32-bit words, portable C. The header states the contract. */
#define ELEMENT int32_t
#define PAD eq_pad_s32_scalar
#include "eq_pad_run.h"
