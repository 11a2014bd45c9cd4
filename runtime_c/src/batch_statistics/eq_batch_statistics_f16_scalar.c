/* batch_statistics, FP16 storage, portable C. The header states the contract. */
#include "eq_element_f16.h"
#include "eq_float_batch_statistics.h"
