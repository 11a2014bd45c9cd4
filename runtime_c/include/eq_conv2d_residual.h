/* conv2d with a residual, int8: output = add(conv2d(input), residual), without the memory of the convolution's output.
 *
 * A band of rows at a time the kernel writes to `band` and the add goes from there over the residual to the output, so
 * both formulas hold as they are stated (eq_conv2d.h, eq_add.h). */
#ifndef EQ_CONV2D_RESIDUAL_H
#define EQ_CONV2D_RESIDUAL_H

#include "eq_add.h"
#include "eq_conv2d.h"

typedef struct {
  const eq_conv2d_s8_t *layer;
  const eq_add_s8_t *sum; /* input1: the convolution's output; input2: the residual */
  eq_conv2d_s8_kernel_t kernel;
  eq_add_s8_kernel_t add;
  int32_t band_rows;
} eq_conv2d_s8_residual_t;

/* Work unit of `range`: output pixels, in the granule of the kernel. `band` (band_rows*out_w*out_c bytes, 16-byte
 * aligned) and `scratch` (the kernel's) are private to the core. The output may lie over the residual, on any number of
 * cores, and must not overlap the input. */
void eq_conv2d_s8_residual(const eq_conv2d_s8_residual_t *p, const int8_t *restrict input, const int8_t *residual,
                           int8_t *output, int8_t *restrict band, void *restrict scratch, eq_range_t range);

#endif
