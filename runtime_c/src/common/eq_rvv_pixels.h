/* Where the RISC-V vector kernels read the inputs of neighbouring output pixels. */
#ifndef EQ_RVV_PIXELS_H
#define EQ_RVV_PIXELS_H

#include "eq_conv2d.h"
#include "eq_rvv.h"

/* Output pixels of one row that share their inputs at most: whole blocks of 2 and of 3. */
enum { EQ_RVV_SEGMENT = 12 };

/* The patches of neighbouring pixels: `rows` times `columns` runs of `run` bytes each. */
typedef struct {
  const int8_t *first; /* of the first pixel */
  int32_t pitch;       /* from one pixel's patch to the next one's */
  int32_t rows, row_step, columns, column_step, run;
} eq_rvv_pixels_t;

/* One input row from column `ix` on, `width` pixels, with zero points outside the image. Returns the byte behind it. */
static EQ_INLINE int8_t *eq_rvv_padded_row(const eq_conv2d_s8_t *p, const int8_t *input, int32_t iy, int32_t ix,
                                           int32_t width, int8_t *target) {
  const int32_t in_c = p->in_c, inside = iy >= 0 && iy < p->in_h;
  const int32_t begin = inside ? eq_clamp(-ix, 0, width) : width, end = eq_clamp(p->in_w - ix, begin, width);
  target = eq_rvv_fill(target, p->input_zero_point, begin * in_c);
  if (begin < end) {
    target = eq_rvv_copy(target, input + (iy * p->in_w + ix + begin) * in_c, (end - begin) * in_c);
  }
  return eq_rvv_fill(target, p->input_zero_point, (width - end) * in_c);
}

/* Inputs of the pixels from `pixel` on: of up to EQ_RVV_SEGMENT of one row, which *count tells, and none from `end` on.
 * They are read where they are if nothing lies outside the image; otherwise the rows under them are copied to `strip`,
 * kernel_h * ((pixels - 1)*stride_w + (kernel_w - 1)*dilation_w + 1) * in_c bytes. */
static EQ_INLINE eq_rvv_pixels_t eq_rvv_segment(const eq_conv2d_s8_t *p, const int8_t *input, int32_t pixel,
                                                int32_t end, int8_t *strip, int32_t *count) {
  const int32_t in_c = p->in_c, oy = pixel / p->out_w, ox = pixel - oy * p->out_w;
  const int32_t iy = oy * p->stride_h - p->pad_top, ix = ox * p->stride_w - p->pad_left;
  const int32_t left = p->out_w - ox < end - pixel ? p->out_w - ox : end - pixel;
  *count = left < EQ_RVV_SEGMENT ? left : EQ_RVV_SEGMENT;
  const int32_t width = (*count - 1) * p->stride_w + (p->kernel_w - 1) * p->dilation_w + 1;
  const int32_t dilated = p->dilation_w != 1;
  eq_rvv_pixels_t x = {.first = input + (iy * p->in_w + ix) * in_c,
                       .pitch = p->stride_w * in_c,
                       .rows = p->kernel_h,
                       .row_step = p->dilation_h * p->in_w * in_c,
                       .columns = dilated ? p->kernel_w : 1,
                       .column_step = p->dilation_w * in_c,
                       .run = dilated ? in_c : p->kernel_w * in_c};
  if (iy >= 0 && iy + (p->kernel_h - 1) * p->dilation_h < p->in_h && ix >= 0 && ix + width <= p->in_w) {
    return x;
  }
  x.first = strip;
  x.row_step = width * in_c;
  for (int32_t ky = 0; ky < p->kernel_h; ky++) {
    strip = eq_rvv_padded_row(p, input, iy + ky * p->dilation_h, ix, width, strip);
  }
  return x;
}

#endif
