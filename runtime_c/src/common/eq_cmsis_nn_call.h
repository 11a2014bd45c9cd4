/* What the calls of CMSIS-NN share. */
#ifndef EQ_CMSIS_NN_CALL_H
#define EQ_CMSIS_NN_CALL_H

#include <arm_nnfunctions.h>

#include "eq_types.h"

/* The library's prototypes lack const where it only reads. */
static inline cmsis_nn_per_channel_quant_params eq_cmsis_nn_scales(const int32_t *multipliers, const int32_t *shifts) {
  return (cmsis_nn_per_channel_quant_params){.multiplier = (int32_t *)(uintptr_t)multipliers,
                                             .shift = (int32_t *)(uintptr_t)shifts};
}

static inline eq_status_t eq_cmsis_nn_status(arm_cmsis_nn_status status) {
  return status == ARM_CMSIS_NN_SUCCESS ? EQ_OK : EQ_ERROR_LIBRARY;
}

#endif
