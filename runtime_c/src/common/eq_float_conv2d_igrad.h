/* conv2d_igrad and dwconv2d_igrad for the element that was included before: every phase is a convolution of dy,
 * made by the blocks of the forward kernels. */
#ifndef EQ_FLOAT_CONV2D_IGRAD_H
#define EQ_FLOAT_CONV2D_IGRAD_H

#include "eq_conv2d_float.h"
#include "eq_conv2d_igrad.h"
#include "eq_phase.h"

/* A block of `pixels` pixels of a convolution; y is channel 0 of the first one, `pitch` elements before the next. */
typedef void eq_conv2d_block_t(const RECORD(conv2d) *p, const ELEMENT *input, int32_t pixel, int32_t pixels, ELEMENT *y,
                               int32_t pitch, void *scratch);

/* The convolution of dy that every phase is, but for what eq_igrad_set_phase changes; zeros[channels] are set. */
static EQ_INLINE RECORD(conv2d) eq_igrad_layer(const RECORD(conv2d_igrad) *p, float *zeros, int32_t channels) {
  for (int32_t i = 0; i < channels; i++) {
    zeros[i] = 0.0f;
  }
  const RECORD(conv2d) layer = {
      .in_h = p->out_h, .in_w = p->out_w, .in_c = p->out_c, .out_c = p->in_c, .stride_h = 1, .stride_w = 1,
      .act_min = -EQ_FLOAT_INFINITY, .act_max = EQ_FLOAT_INFINITY, .bias = zeros, .weights = p->weights};
  return layer;
}

static EQ_INLINE eq_phase_t eq_phase_down(const RECORD(conv2d_igrad) *p, int32_t phase) {
  return eq_phase_of(phase, p->kernel_h, p->dilation_h, p->stride_h, p->pad_top, p->in_h);
}

static EQ_INLINE eq_phase_t eq_phase_across(const RECORD(conv2d_igrad) *p, int32_t phase) {
  return eq_phase_of(phase, p->kernel_w, p->dilation_w, p->stride_w, p->pad_left, p->in_w);
}

static EQ_INLINE void eq_igrad_set_phase(RECORD(conv2d) *layer, const eq_phase_t *rows, const eq_phase_t *columns) {
  layer->out_h = rows->count;
  layer->out_w = columns->count;
  layer->kernel_h = rows->taps;
  layer->kernel_w = columns->taps;
  layer->pad_top = -rows->start;
  layer->pad_left = -columns->start;
  layer->dilation_h = rows->step;
  layer->dilation_w = columns->step;
}

/* `most`: pixels of a block. `lanes`: channels. `step`: products of a turn of its loop, of depthwise layers: taps. */
static EQ_INLINE void eq_conv2d_igrad(const RECORD(conv2d_igrad) *p, const ELEMENT *dy, ELEMENT *dx, void *scratch,
                                      eq_range_t range, eq_conv2d_block_t *block, int32_t most, int32_t lanes,
                                      int32_t step, int32_t depthwise) {
  const int32_t padded = (p->in_c + lanes - 1) & ~(lanes - 1), across_rows = p->stride_h * p->stride_w == 1;
  float *const zeros = scratch;
  RECORD(conv2d) layer = eq_igrad_layer(p, zeros, padded);
  const int32_t begin = range.begin * most, end = range.end * most;
  for (int32_t phase_y = 0; phase_y < p->stride_h; phase_y++) {
    const eq_phase_t rows = eq_phase_down(p, phase_y);
    for (int32_t phase_x = 0; phase_x < p->stride_w; phase_x++) {
      const eq_phase_t columns = eq_phase_across(p, phase_x);
      const int32_t count = rows.count * columns.count, behind = end < count ? end : count;
      eq_igrad_set_phase(&layer, &rows, &columns);
      for (int32_t pixel = begin, pixels; pixel < behind; pixel += pixels) {
        const int32_t row = pixel / columns.count, column = pixel - row * columns.count;
        const int32_t left = behind - pixel, in_row = across_rows ? left : columns.count - column;
        pixels = left < in_row ? left : in_row;
        pixels = pixels < most ? pixels : most;
        ELEMENT *const to =
            dx + ((rows.first + row * p->stride_h) * p->in_w + columns.first + column * p->stride_w) * p->in_c;
        block(&layer, dy, pixel, pixels, to, p->stride_w * p->in_c, zeros + padded);
      }
      const int32_t taps = rows.taps * columns.taps, sums = taps * (depthwise ? 1 : p->out_c);
      layer.weights += (depthwise ? p->in_c : padded) * ((sums + step - 1) & ~(step - 1));
    }
  }
}

#endif
