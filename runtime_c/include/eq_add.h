/* add, int8: elementwise sum of two tensors of the same shape with different scales.
 *
 *   output[i] = clamp((a * input1[i] + b * input2[i] + c) >> n, act_min, act_max)           (arithmetic shift)
 *
 * The generator folds scales, zero points and the rounding term into a, b, c and n and guarantees that no sum or
 * product overflows int32 for any pair of bytes; 0 <= n <= 31.
 * Work unit of `range`: elements. The output may be either input (in place). No scratch. */
#ifndef EQ_ADD_H
#define EQ_ADD_H

#include "eq_types.h"

typedef struct {
  int32_t a, b, c;
  int32_t n;
  int32_t act_min;
  int32_t act_max;
} eq_add_s8_t;

/* Any of the kernels. */
typedef void (*eq_add_s8_kernel_t)(const eq_add_s8_t *p, const int8_t *input1, const int8_t *input2, int8_t *output,
                                   eq_range_t range);

void eq_add_s8_scalar(const eq_add_s8_t *p, const int8_t *input1, const int8_t *input2, int8_t *output,
                      eq_range_t range);
void eq_add_s8_dsp(const eq_add_s8_t *p, const int8_t *input1, const int8_t *input2, int8_t *output, eq_range_t range);
void eq_add_s8_mve(const eq_add_s8_t *p, const int8_t *input1, const int8_t *input2, int8_t *output, eq_range_t range);
void eq_add_s8_rv32im(const eq_add_s8_t *p, const int8_t *input1, const int8_t *input2, int8_t *output,
                      eq_range_t range);
void eq_add_s8_rvv(const eq_add_s8_t *p, const int8_t *input1, const int8_t *input2, int8_t *output, eq_range_t range);
void eq_add_s8_xpulp(const eq_add_s8_t *p, const int8_t *input1, const int8_t *input2, int8_t *output,
                     eq_range_t range); /* granule 4 */

/* TensorFlow Lite's sum where no a, b, c and n give the same bytes: operands are scaled and rounded by tables, then
 *
 *   output[i] = clamp(RDBPOT(SRDHM(table1[input1[i] + 128] + table2[input2[i] + 128], multiplier), -shift) + zero_point)
 *
 * (eq_requant.h). |table entries| < 2^30; shift <= 0. Units, overlap and scratch as above. */
typedef struct {
  const int32_t *table1, *table2; /* 256 entries each */
  int32_t sum_multiplier, sum_shift;
  int32_t zero_point;
  int32_t act_min;
  int32_t act_max;
} eq_add_tables_s8_t;

void eq_add_s8_tables_scalar(const eq_add_tables_s8_t *p, const int8_t *input1, const int8_t *input2, int8_t *output,
                             eq_range_t range);

#endif
