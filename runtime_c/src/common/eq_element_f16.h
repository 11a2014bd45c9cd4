/* FP16 storage: what the bodies that both floating-point types share call an element, and how it is read and
 * written. */
#ifndef EQ_ELEMENT_H
#define EQ_ELEMENT_H

#include "eq_float4.h"

#define ELEMENT eq_f16_t
#define LOAD eq_f16_load
#define LOAD4 eq_f16_load4
#define STORE eq_f16_store
#define BITS(value) (uint32_t)(value)
#define OF_BITS(bits) (ELEMENT)(bits)
#define MVE(operation) eq_mve_##operation##_f16
#define KERNEL(op, isa) eq_##op##_f16_##isa
#define RECORD(op) eq_##op##_f16_t

#endif
