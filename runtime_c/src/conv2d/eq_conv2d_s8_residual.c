/* A convolution and the add behind it, a band of rows at a time. The header states the contract. */
#include "eq_conv2d_residual.h"

void eq_conv2d_s8_residual(const eq_conv2d_s8_residual_t *p, const int8_t *restrict input, const int8_t *residual,
                           int8_t *output, int8_t *restrict band, void *restrict scratch, eq_range_t range) {
  const eq_conv2d_s8_t *const layer = p->layer;
  const int32_t span = (layer->kernel_h - 1) * layer->dilation_h + 1;
  for (int32_t pixel = range.begin; pixel < range.end;) {
    const int32_t row = pixel / layer->out_w;
    const int32_t band_end = (row + p->band_rows) * layer->out_w;
    const int32_t end = band_end < range.end ? band_end : range.end;
    /* The rows from `row` on as an image of their own: it begins with the first input row that they need, and what
     * they need above the input is its padding. */
    const int32_t rows = (end - 1) / layer->out_w + 1 - row;
    const int32_t top = row * layer->stride_h - layer->pad_top;
    const int32_t from = eq_clamp(top, 0, layer->in_h);
    const int32_t to = eq_clamp(top + (rows - 1) * layer->stride_h + span, from, layer->in_h);
    eq_conv2d_s8_t part = *layer;
    part.in_h = to - from;
    part.out_h = rows;
    part.pad_top = from - top;
    const eq_range_t part_range = {pixel - row * layer->out_w, end - row * layer->out_w};
    p->kernel(&part, input + from * layer->in_w * layer->in_c, band, scratch, part_range);
    const int32_t place = pixel * layer->out_c;
    p->add(p->sum, band + part_range.begin * layer->out_c, residual + place, output + place,
           (eq_range_t){0, (end - pixel) * layer->out_c});
    pixel = end;
  }
}
