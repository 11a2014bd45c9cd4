/* pad, int8, int16 and, for float32 and its value's bits, 32-bit words: constant padding of [in_h][in_w][in_c] to [out_h][out_w][out_c].
 *
 *   output[y][x][c] = input[y - pad_top][x - pad_left][c - pad_front_c] inside the input, `value` outside
 *
 * Pads are >= 0 and the input lies wholly inside the output. Work unit of `range`: output rows. No scratch. Input and
 * output must not overlap. */
#ifndef EQ_PAD_H
#define EQ_PAD_H

#include "eq_types.h"

typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t pad_top, pad_left, pad_front_c;
  int32_t value; /* in the output's integers */
} eq_pad_s8_t;

void eq_pad_s8_scalar(const eq_pad_s8_t *p, const int8_t *restrict input, int8_t *restrict output, eq_range_t range);
void eq_pad_s16_scalar(const eq_pad_s8_t *p, const int16_t *restrict input, int16_t *restrict output,
                       eq_range_t range);
void eq_pad_s32_scalar(const eq_pad_s8_t *p, const int32_t *restrict input, int32_t *restrict output,
                       eq_range_t range);

#endif
