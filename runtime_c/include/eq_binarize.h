/* binarize: signs of int8 activations against a threshold per channel.
 *
 *   y = x > below[c] or bit c of `always` ? 64 : -64
 *
 * as int8 (in steps of 1/64), or packed: 32 channels a word, channel 0 in the lowest bit, 1 for y = 64. `below` is the threshold less 1,
 * `always` tells the channels whose threshold is -128.
 * Layout: input [outer][channels]; output [outer][channels] int8, or [outer][words] with words = ceil(channels/32), whose
 * bits beyond the channels are 0; always [words]; below [up(channels,16)], 16-byte aligned. Work unit of `range`: rows of
 * channels. */
#ifndef EQ_BINARIZE_H
#define EQ_BINARIZE_H

#include "eq_types.h"

typedef struct {
  int32_t outer, channels;
  const int8_t *below;
  const uint32_t *always;
} eq_binarize_s8_t;

void eq_binarize_s8_scalar(const eq_binarize_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                           eq_range_t range);
void eq_binarize_s8_bits_scalar(const eq_binarize_s8_t *p, const int8_t *restrict input, uint32_t *restrict output,
                                eq_range_t range);
void eq_binarize_s8_bits_xpulp(const eq_binarize_s8_t *p, const int8_t *restrict input, uint32_t *restrict output,
                               eq_range_t range);
void eq_binarize_s8_bits_dsp(const eq_binarize_s8_t *p, const int8_t *restrict input, uint32_t *restrict output,
                             eq_range_t range);
void eq_binarize_s8_bits_mve(const eq_binarize_s8_t *p, const int8_t *restrict input, uint32_t *restrict output,
                             eq_range_t range);

#endif
