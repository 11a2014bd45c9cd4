/* linear with weights of 4 bits in groups (eq_weight_groups.h): what eq_linear.h says, with other weights. Nothing is
 * unpacked to memory: a group's sum of fields times inputs is multiplied once.
 *
 * layer.weights, 4-byte aligned: a byte for each multiplier, [block of 4 channels][group][channel], filled up to whole
 * words; then, from byte `fields` on, for each block and group the weights of EQ_INT4 in the order of the instruction
 * set (eq_narrow.h, for dsp src/common/eq_narrow_dsp.h).
 *
 * The two forms of requantization of edgeq's own quantizer (high, shift). Any `range` is right; granule 4. Work unit:
 * channels. Scratch: as for EQ_INT4 in eq_linear_narrow.h. Built by edgeq/packing/groups.py. */
#ifndef EQ_LINEAR_GROUPS_H
#define EQ_LINEAR_GROUPS_H

#include "eq_linear.h"

typedef struct {
  eq_linear_s8_t layer;
  int32_t fields;
  int32_t group; /* inputs that share a multiplier, a multiple of 16 */
} eq_linear_groups_t;

#define EQ_LINEAR_GROUPS_PROTOTYPE(name)                                                                             \
  void name(const eq_linear_groups_t *p, const int8_t *restrict input, int8_t *restrict output, void *restrict scratch, \
            eq_range_t range)

EQ_LINEAR_GROUPS_PROTOTYPE(eq_linear_s8_groups_high_scalar);
EQ_LINEAR_GROUPS_PROTOTYPE(eq_linear_s8_groups_shift_scalar);
EQ_LINEAR_GROUPS_PROTOTYPE(eq_linear_s8_groups_high_xpulp);
EQ_LINEAR_GROUPS_PROTOTYPE(eq_linear_s8_groups_shift_xpulp);
EQ_LINEAR_GROUPS_PROTOTYPE(eq_linear_s8_groups_high_mve);
EQ_LINEAR_GROUPS_PROTOTYPE(eq_linear_s8_groups_shift_mve);
EQ_LINEAR_GROUPS_PROTOTYPE(eq_linear_s8_groups_high_dsp);
EQ_LINEAR_GROUPS_PROTOTYPE(eq_linear_s8_groups_shift_dsp);

#endif
