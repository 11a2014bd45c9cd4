/* binarize: signs of int8 activations against a threshold per channel.
 *
 *   y = x >= threshold[c] ? 1 : -1       as int8, or packed: 32 channels a word, channel 0 in the lowest bit, 1 for y = 1
 *
 * Layout: input [outer][channels]; output [outer][channels] int8, or [outer][ceil(channels/32)] words whose bits beyond
 * the channels are 0. Thresholds -128 .. 128. Work unit of `range`: rows of channels. */
#ifndef EQ_BINARIZE_H
#define EQ_BINARIZE_H

#include "eq_types.h"

typedef struct {
  int32_t outer, channels;
  const int16_t *threshold;
} eq_binarize_s8_t;

void eq_binarize_s8_scalar(const eq_binarize_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                           eq_range_t range);
void eq_binarize_s8_bits_scalar(const eq_binarize_s8_t *p, const int8_t *restrict input, uint32_t *restrict output,
                                eq_range_t range);

#endif
