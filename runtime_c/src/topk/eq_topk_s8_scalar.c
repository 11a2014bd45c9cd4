/* topk, int8, portable C. The header states the contract. */
#define ELEMENT int8_t
#define NAME(direction) eq_topk_s8_##direction##_scalar
#include "eq_topk_run.h"
