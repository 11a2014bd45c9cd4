/* normalize, int8: layer, RMS, group and instance normalization in integers.
 *
 * A set of n = runs * inner elements x is brought to mean 0 (if centred) and mean square 1, then scaled and shifted:
 *
 *   d = n * x - sum(x)           or, not centred, d = n * (x + offset)
 *   W = n * sum(x * x) - sum(x)^2 + epsilon   or   n * sum((x + offset)^2) + epsilon;   W = max(W, 1)
 *   2^60 <= W * 4^a < 2^62,  root = floor(sqrt(W * 4^a)),  r = min(floor(2^61 / root), 2^31 - 1)
 *   t = floor((d * r + 2^(42 - a)) / 2^(43 - a))                                     d / sqrt(W) with 18 fraction bits
 *   output = clamp(floor((t * gain[c] + bias[c] * 2^18) / 2^(18 + shift)), act_min, act_max)
 *
 * Set s has the elements s * set_stride + i * run_stride + j, 0 <= i < runs, 0 <= j < inner; c = s * gain_stride + j.
 * `bias` holds the output's zero point and the rounding term. n < 2^22, epsilon < 2^61, 0 <= shift <= 20.
 * Work unit of `range`: sets. The output may be the input (in place). No scratch. */
#ifndef EQ_NORMALIZE_H
#define EQ_NORMALIZE_H

#include "eq_requant.h"
#include "eq_types.h"

#define EQ_NORMALIZE_FRACTION 18

typedef struct {
  int32_t set_stride;
  int32_t runs;
  int32_t run_stride;
  int32_t inner;
  int32_t gain_stride;
  int32_t centred; /* 1 or 0 */
  int32_t offset;
  int32_t epsilon_high; /* epsilon = epsilon_high * 2^31 + epsilon_low */
  int32_t epsilon_low;
  int32_t shift;
  int32_t act_min;
  int32_t act_max;
  const int32_t *gain; /* |gain| < 2^30 */
  const int32_t *bias; /* |bias| < 2^30 */
} eq_normalize_s8_t;

void eq_normalize_s8_scalar(const eq_normalize_s8_t *p, const int8_t *input, int8_t *output, eq_range_t range);
void eq_normalize_s8_dsp(const eq_normalize_s8_t *p, const int8_t *input, int8_t *output, eq_range_t range);
void eq_normalize_s8_mve(const eq_normalize_s8_t *p, const int8_t *input, int8_t *output, eq_range_t range);
void eq_normalize_s8_xpulp(const eq_normalize_s8_t *p, const int8_t *input, int8_t *output, eq_range_t range);

#endif
