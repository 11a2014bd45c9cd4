/* topk, int16, portable C. The header states the contract. */
#define ELEMENT int16_t
#define NAME(direction) eq_topk_s16_##direction##_scalar
#include "eq_topk_run.h"
