/* Execution of a convolution over its own input, a band of rows at a time. The header states the contract. */
#include "eq_conv2d.h"

#include "eq_memory.h"

static int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }

static int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }

void eq_conv2d_s8_rolling(const eq_conv2d_s8_t *p, eq_conv2d_s8_kernel_t kernel, int8_t *image, int8_t *rows,
                          void *scratch, int32_t band_rows) {
  const size_t row_bytes = (size_t)(p->in_w * p->in_c);
  const int32_t span = (p->kernel_h - 1) * p->dilation_h + 1;
  int32_t kept_from = 0; /* `rows` holds the input rows kept_from .. kept_to - 1 */
  int32_t kept_to = 0;
  for (int32_t band = 0; band < p->out_h; band += band_rows) {
    const int32_t band_end = smaller(band + band_rows, p->out_h);
    const int32_t top = band * p->stride_h - p->pad_top;
    const int32_t from = smaller(larger(top, kept_from), p->in_h);
    const int32_t to = larger(smaller((band_end - 1) * p->stride_h - p->pad_top + span, p->in_h), from);
    /* Rows that are needed again move to the front, one after the other; the rest comes from the image. */
    for (int32_t row = from; row < to; row++) {
      int8_t *const place = rows + (size_t)(row - from) * row_bytes;
      if (row >= kept_to) {
        memcpy(place, image + (size_t)row * row_bytes, row_bytes);
      } else if (from > kept_from) {
        memcpy(place, rows + (size_t)(row - kept_from) * row_bytes, row_bytes);
      } else {
        /* the row is where it was */
      }
    }
    kept_from = from;
    kept_to = to;
    eq_conv2d_s8_t part = *p;
    part.in_h = kept_to - from;
    part.out_h = band_end - band;
    part.pad_top = from - top; /* the first kept row is that far below the window's top */
    kernel(&part, rows, image + band * p->out_w * p->out_c, scratch, (eq_range_t){0, part.out_h * p->out_w});
  }
}
