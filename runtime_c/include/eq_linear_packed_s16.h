/* linear with int16 activations and int8 weights by packed instructions, in 32-bit sums. Conditions, requantization and
 * the order of the weights are those of conv2d in eq_conv2d_packed_s16.h with K = in_features.
 *
 * Work unit of `range`: output features; it begins at a multiple of 4. scratch: int16 [rows][up(in_features, ..)] of 4
 * rows (xpulp, dsp) or 2 rows (mve); not used by xpulp and mve where in_features needs no rounding up. Input and output
 * must not overlap. */
#ifndef EQ_LINEAR_PACKED_S16_H
#define EQ_LINEAR_PACKED_S16_H

#include "eq_requant.h"
#include "eq_types.h"

typedef struct {
  int32_t rows, in_features, out_features;
  const int8_t *weights;
  const int32_t *bias;
  eq_requant_t requant;
} eq_linear_packed_s16_t;

#define EQ_LINEAR_PACKED_S16_PROTOTYPE(name)                                                       \
  void name(const eq_linear_packed_s16_t *p, const int16_t *restrict input, int16_t *restrict output, \
            void *restrict scratch, eq_range_t range)

EQ_LINEAR_PACKED_S16_PROTOTYPE(eq_linear_s16_xpulp);
EQ_LINEAR_PACKED_S16_PROTOTYPE(eq_linear_s16_dsp);
EQ_LINEAR_PACKED_S16_PROTOTYPE(eq_linear_s16_mve);

#endif
