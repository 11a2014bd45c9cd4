/* reduce_product, int8, portable C. The header states the contract. */
#define ELEMENT int8_t
#define PRODUCT eq_reduce_product_s8_scalar
#include "eq_reduce_product_run.h"
