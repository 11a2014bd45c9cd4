/* conv2d with weights of less than 8 bits (eq_narrow.h): what eq_conv2d.h says, with other weights.
 *
 * Five types (int4, int2, ternary, binary, pow2) and the two forms of requantization of edgeq's own quantizer (high, shift).
 * Any `range` is right. K = kernel_h*kernel_w*in_c, up(n, m) rounds n up to a multiple of m. Work unit: output pixels. */
#ifndef EQ_CONV2D_NARROW_H
#define EQ_CONV2D_NARROW_H

#include "eq_conv2d.h"
#include "eq_narrow.h"

#define EQ_CONV2D_NARROW_PROTOTYPES(isa)                     \
  EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_int4_high_##isa);      \
  EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_int4_shift_##isa);     \
  EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_int2_high_##isa);      \
  EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_int2_shift_##isa);     \
  EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_ternary_high_##isa);   \
  EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_ternary_shift_##isa);  \
  EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_binary_high_##isa);    \
  EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_binary_shift_##isa);  \
  EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_pow2_high_##isa);     \
  EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_pow2_shift_##isa)

/* scalar: granule 2; width 1. Scratch: 2*K bytes. */
EQ_CONV2D_NARROW_PROTOTYPES(scalar);

/* xpulp: granule 4; width 4, weights 4-byte aligned. Scratch: 4*up(K,8) bytes. */
EQ_CONV2D_NARROW_PROTOTYPES(xpulp);

/* mve: granule 2; width 16. Scratch: 2*up(K,16) + 16 bytes, and up(K,16) more if a patch lies within 256 bytes of the
 * image. */
EQ_CONV2D_NARROW_PROTOTYPES(mve);

/* dsp: granule 4; weights 4-byte aligned, in the order of src/common/eq_narrow_dsp.h. Scratch: 8*up(K,16) bytes, and
 * up(K,4) more if in_c % 4 != 0. */
EQ_CONV2D_NARROW_PROTOTYPES(dsp);

/* Defines the functions of an instruction set from a static EQ_INLINE
 *   conv2d(p, input, output, scratch, range, type, form) */
#define EQ_CONV2D_NARROW_FORMS(type, constant, isa)                                 \
  EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_##type##_high_##isa) {                        \
    conv2d(p, input, output, scratch, range, constant, EQ_REQUANT_HIGH);            \
  }                                                                                 \
  EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_##type##_shift_##isa) {                       \
    conv2d(p, input, output, scratch, range, constant, EQ_REQUANT_SHIFT);           \
  }
#define EQ_CONV2D_NARROW_FUNCTIONS(isa)             \
  EQ_CONV2D_NARROW_FORMS(int4, EQ_INT4, isa)        \
  EQ_CONV2D_NARROW_FORMS(int2, EQ_INT2, isa)        \
  EQ_CONV2D_NARROW_FORMS(ternary, EQ_TERNARY, isa)  \
  EQ_CONV2D_NARROW_FORMS(binary, EQ_BINARY, isa)    \
  EQ_CONV2D_NARROW_FORMS(pow2, EQ_POW2, isa)

#endif
