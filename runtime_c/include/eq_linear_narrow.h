/* linear with weights of less than 8 bits (eq_narrow.h): what eq_linear.h says, with other weights.
 *
 * Five types (int4, int2, ternary, binary, pow2) and the two forms of requantization of edgeq's own quantizer (high, shift).
 * Any `range` is right; granule 4. K = in_features, up(n, m) rounds n up to a multiple of m. Work unit: channels. */
#ifndef EQ_LINEAR_NARROW_H
#define EQ_LINEAR_NARROW_H

#include "eq_linear.h"
#include "eq_narrow.h"

#define EQ_LINEAR_NARROW_PROTOTYPES(isa)                     \
  EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_int4_high_##isa);      \
  EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_int4_shift_##isa);     \
  EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_int2_high_##isa);      \
  EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_int2_shift_##isa);     \
  EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_ternary_high_##isa);   \
  EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_ternary_shift_##isa);  \
  EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_binary_high_##isa);    \
  EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_binary_shift_##isa);  \
  EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_pow2_high_##isa);     \
  EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_pow2_shift_##isa)

/* scalar: width 1; no scratch. */
EQ_LINEAR_NARROW_PROTOTYPES(scalar);

/* xpulp: width 4, weights 4-byte aligned. Scratch: up(K,8) bytes. */
EQ_LINEAR_NARROW_PROTOTYPES(xpulp);

/* mve: width 16. Scratch: up(K,32) bytes. */
EQ_LINEAR_NARROW_PROTOTYPES(mve);

/* dsp: weights 4-byte aligned, in the order of src/common/eq_narrow_dsp.h. Scratch: 2*up(K,16) bytes. */
EQ_LINEAR_NARROW_PROTOTYPES(dsp);

#endif
