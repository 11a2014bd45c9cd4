/* Weights of 4 bits in groups: the int8 weights of a layer, stored as a field for each and a multiplier for each group.
 *
 * `group` neighbours along a channel's products (the last group may have fewer) share a multiplier m of 1 .. 18; a field
 * u of 0 .. 15 stands for the weight m * (u - 8), which lies in -127 .. 127. Four weights in the bytes of a word are one
 * product: with u in the low halves of the bytes of f,
 *
 *   (f * m + (128 - 8 * m) * 0x01010101) ^ 0x80808080
 *
 * carries nothing from byte to byte, because every byte of the sum is 128 + m * (u - 8).
 *
 * Convolutions unpack all their weights to memory, once an inference and shared among the cores, in the order of an int8
 * kernel, which then reads them there. Packed: a byte for each multiplier, [unit][group][channel of the unit], filled up
 * to whole words, then the fields of every unit, a block of output channels. K products a channel, up(n, m) rounds n up
 * to a multiple of m:
 *
 *   rows      a channel a unit, for int8 weights [channels][K]; fields: up(K, 2) / 2 bytes a unit, the first of two
 *             products in the lower half
 *   pairs     two channels, for [up(channels, 2) / 2][up(K, 4) / 4][8 bytes] of the dsp kernels (eq_conv2d.h); a word
 *             for each quad of products: byte k has the even channel's field k in its lower half, the odd one's above
 *   blocks4,  four channels, for [up(channels, 4) / 4][up(K, width) / width][4][width] with a width of 4 or 16; two rows
 *   blocks16  of `width` bytes for each of these: channels 0 and 1, then 2 and 3, the even one in the lower halves
 *
 * A core unpacks the units of its range. Built by edgeq/packing/groups.py. */
#ifndef EQ_WEIGHT_GROUPS_H
#define EQ_WEIGHT_GROUPS_H

#include "eq_types.h"

typedef struct {
  const uint32_t *packed;
  int32_t fields;   /* words before the fields */
  int32_t products; /* of a channel */
  int32_t group;    /* a multiple of 16 */
} eq_weight_groups_t;

/* `memory` is 4-byte aligned. */
#define EQ_WEIGHT_GROUPS_PROTOTYPE(name) void name(const eq_weight_groups_t *p, void *memory, eq_range_t units)

EQ_WEIGHT_GROUPS_PROTOTYPE(eq_weight_groups_rows);
EQ_WEIGHT_GROUPS_PROTOTYPE(eq_weight_groups_pairs);
EQ_WEIGHT_GROUPS_PROTOTYPE(eq_weight_groups_blocks4);
EQ_WEIGHT_GROUPS_PROTOTYPE(eq_weight_groups_blocks16);

#endif
