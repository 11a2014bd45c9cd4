/* float32: what the bodies that both floating-point types share call an element, and how it is read and written. */
#ifndef EQ_ELEMENT_H
#define EQ_ELEMENT_H

#include "eq_float4.h"

#define ELEMENT float
#define LOAD eq_f32_load
#define LOAD4 eq_f32_load4
#define STORE eq_f32_store
#define BITS(value) eq_float_bits(value)
#define OF_BITS(bits) eq_float_of_bits(bits)
#define MVE(operation) eq_mve_##operation##_f32
#define KERNEL(op, isa) eq_##op##_f32_##isa
#define RECORD(op) eq_##op##_f32_t

#endif
