/* Weights of less than 8 bits: fields of bytes.
 *
 * A field of `bits` bits holds e in two's complement. The weight is e (EQ_INT4: -7 .. 7; EQ_TERNARY: -1, 0, 1) or
 * 2 * e + 1 (EQ_INT2: -3, -1, 1, 3; EQ_BINARY: -1, 1), so that with S the sum of the inputs
 *
 *   sum of weight * x = sum of e * x,  or  2 * (sum of e * x) + S                                  ("odd" types)
 *
 * EQ_POW2, powers of two with a sign, have fields of 4 bits: k | 8 for -2^k, k for 2^k, k = 0 .. 6, and 7 for 0; for MVE
 * k - 7 and k in two's complement, and -8 for 0.
 * Inputs under fields added by rounding up must be zero for odd types, which have no weight 0.
 *
 * Field order, for a kernel that takes `width` bytes of an input vector at a time (1 portable, 4 Xpulp, 16 MVE): groups of
 * 4 output channels c0 .. c3; in each, blocks of `width` inputs; of a block
 *   EQ_INT4, EQ_POW2    2 rows of `width` bytes: c0 in the low and c1 in the high half of a byte; c2 and c3
 *   EQ_INT2, EQ_TERNARY 1 row: c0 in bits 1:0, c1 in 3:2, c2 in 5:4, c3 in 7:6
 *   EQ_BINARY           1 row for two blocks: c0 .. c3 of the first in bits 4 .. 7, of the second in bits 0 .. 3
 * The DSP kernels have an order of their own (src/common/eq_narrow_dsp.h). Built by edgeq/packing/narrow.py. */
#ifndef EQ_NARROW_H
#define EQ_NARROW_H

#include <stdint.h>

typedef enum { EQ_INT4, EQ_INT2, EQ_TERNARY, EQ_BINARY, EQ_POW2 } eq_narrow_t;

static inline int32_t eq_narrow_bits(eq_narrow_t type) {
  return type == EQ_INT4 || type == EQ_POW2 ? 4 : type == EQ_BINARY ? 1 : 2;
}

static inline int32_t eq_narrow_is_odd(eq_narrow_t type) { return type == EQ_INT2 || type == EQ_BINARY; }

/* Bytes of weights of 4 channels for `n` inputs taken `width` at a time. */
static inline int32_t eq_narrow_group_bytes(eq_narrow_t type, int32_t n, int32_t width) {
  const int32_t blocks = (n + width - 1) / width;
  return type == EQ_BINARY ? (blocks + 1) / 2 * width : blocks * width * (eq_narrow_bits(type) == 4 ? 2 : 1);
}

#endif
