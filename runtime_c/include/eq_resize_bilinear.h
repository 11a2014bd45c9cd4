/* resize_bilinear, int8 and int16: an image at another size; input and output share one scale and zero point.
 *
 *   acc = sum over the four neighbours of input * share of the row * share of the column      (shares in 1/1024)
 *   output = acc / 2^20 rounded half away from zero
 *
 * Source: ResizeBilinearInteger in TensorFlow Lite's reference kernels. Layout: [h][w][channels]. Work unit of `range`:
 * output pixels, oy*out_w + ox. No scratch. Input and output must not overlap. */
#ifndef EQ_RESIZE_BILINEAR_H
#define EQ_RESIZE_BILINEAR_H

#include "eq_types.h"

typedef struct {
  int32_t out_w, channels;
  const int32_t *rows;    /* per output row: offsets of both input rows, share of the second (0 .. 1024) */
  const int32_t *columns; /* per output column: offsets of both input columns, share of the second */
} eq_resize_bilinear_s8_t;

void eq_resize_bilinear_s8_scalar(const eq_resize_bilinear_s8_t *p, const int8_t *restrict input,
                                  int8_t *restrict output, eq_range_t range);
void eq_resize_bilinear_s16_scalar(const eq_resize_bilinear_s8_t *p, const int16_t *restrict input,
                                   int16_t *restrict output, eq_range_t range);

#endif
