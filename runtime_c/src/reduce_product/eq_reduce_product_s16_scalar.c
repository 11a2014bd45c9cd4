/* reduce_product, int16, portable C. The header states the contract. */
#define ELEMENT int16_t
#define PRODUCT eq_reduce_product_s16_scalar
#include "eq_reduce_product_run.h"
