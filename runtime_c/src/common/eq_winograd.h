/* What the Winograd kernels of 3x3 convolutions share: which tiles a range of output pixels touches, and where a tile's
 * inputs and outputs lie. The arithmetic, after Lavin and Gray, arXiv 1509.09308, with integer matrices:
 *
 *   input      U = B^T d B        d: the (side + 2)^2 input values under a tile of side x side outputs
 *   weights    W = G g G^T        when the code is generated (edgeq/packing/winograd.py)
 *   products   M[position] = sum over channels of U[position] * W[position]
 *   output     factor * sum = A^T M A
 *
 * All sums are taken modulo 2^32, so intermediate values may leave 32 bits; the result is exact while factor * sum
 * does not, which the generator checks. What lies beyond the image below and right of the last outputs has no influence
 * on those that are stored. */
#ifndef EQ_WINOGRAD_H
#define EQ_WINOGRAD_H

#include "eq_patch.h"

/* Tiles whose products are computed together. */
#define EQ_WINOGRAD_TILES 4

/* First output pixel of a tile: its row is a multiple of the tile's side, and so is its column. */
typedef struct {
  int32_t oy, ox;
} eq_tile_t;

/* Tiles that touch the rows of `range`. */
static EQ_INLINE int32_t eq_tiles_of(const eq_conv2d_s8_t *p, eq_range_t range, int32_t side) {
  if (range.begin >= range.end) {
    return 0;
  }
  const int32_t first = range.begin / p->out_w / side, last = (range.end - 1) / p->out_w / side;
  return (last - first + 1) * ((p->out_w + side - 1) / side);
}

static EQ_INLINE eq_tile_t eq_first_tile(const eq_conv2d_s8_t *p, eq_range_t range, int32_t side) {
  return (eq_tile_t){range.begin / p->out_w / side * side, 0};
}

static EQ_INLINE eq_tile_t eq_next_tile(const eq_conv2d_s8_t *p, eq_tile_t tile, int32_t side) {
  const int32_t ox = tile.ox + side;
  return ox < p->out_w ? (eq_tile_t){tile.oy, ox} : (eq_tile_t){tile.oy + side, 0};
}

/* Input bytes of a tile: rows `row_step` bytes apart, pixels in_c bytes apart. */
typedef struct {
  const int8_t *x;
  int32_t row_step;
} eq_tile_input_t;

/* Whether the tile's input lies inside the image. */
static EQ_INLINE int32_t eq_tile_lies_inside(const eq_conv2d_s8_t *p, eq_tile_t tile, int32_t side) {
  const int32_t iy = tile.oy - p->pad_top, ix = tile.ox - p->pad_left;
  return iy >= 0 && ix >= 0 && iy + side + 2 <= p->in_h && ix + side + 2 <= p->in_w;
}

static EQ_INLINE eq_tile_input_t eq_tile_in_image(const eq_conv2d_s8_t *p, const int8_t *input, eq_tile_t tile) {
  const int32_t row_step = p->in_w * p->in_c;
  return (eq_tile_input_t){input + (tile.oy - p->pad_top) * row_step + (tile.ox - p->pad_left) * p->in_c, row_step};
}

/* The tile's input, padded, as a copy in `patch`: (side + 2)^2 * in_c bytes. */
static EQ_INLINE eq_tile_input_t eq_tile_in_patch(const eq_conv2d_s8_t *p, const int8_t *input, eq_tile_t tile,
                                                  int32_t side, int8_t *patch, eq_copy_run_t *copy,
                                                  eq_fill_run_t *fill) {
  eq_conv2d_s8_t window = *p; /* the window of a whole tile is the patch of its first pixel */
  window.kernel_h = side + 2;
  window.kernel_w = side + 2;
  (void)eq_gather_patch(&window, input, tile.oy * p->out_w + tile.ox, patch, copy, fill);
  return (eq_tile_input_t){patch, (side + 2) * p->in_c};
}

/* Where a tile's outputs of the next channel go. */
typedef struct {
  int8_t *y;
  int32_t row_step, step; /* bytes from row to row and from column to column */
} eq_place_t;

/* Whether all of the tile's outputs lie in the image and in `range`. */
static EQ_INLINE int32_t eq_tile_is_whole(const eq_conv2d_s8_t *p, eq_tile_t tile, int32_t side, eq_range_t range) {
  const int32_t pixel = tile.oy * p->out_w + tile.ox;
  return tile.oy + side <= p->out_h && tile.ox + side <= p->out_w && pixel >= range.begin &&
         pixel + (side - 1) * (p->out_w + 1) < range.end;
}

/* The place of a tile: in the image, or at `stage` (side * side * out_c bytes) if it is not whole. */
static EQ_INLINE eq_place_t eq_place_of(const eq_conv2d_s8_t *p, eq_tile_t tile, int32_t side, eq_range_t range,
                                        int8_t *output, int8_t *stage) {
  const int32_t out_c = p->out_c;
  if (eq_tile_is_whole(p, tile, side, range)) {
    return (eq_place_t){output + (tile.oy * p->out_w + tile.ox) * out_c, p->out_w * out_c, out_c};
  }
  return (eq_place_t){stage, side * out_c, out_c};
}

/* Copies those pixels of a tile that is not whole from `stage` that belong into the image and to `range`. */
static EQ_INLINE void eq_unstage(const eq_conv2d_s8_t *p, eq_tile_t tile, int32_t side, eq_range_t range,
                                 const int8_t *stage, int8_t *output, eq_copy_run_t *copy) {
  for (int32_t i = 0; i < side && tile.oy + i < p->out_h; i++) {
    for (int32_t j = 0; j < side && tile.ox + j < p->out_w; j++) {
      const int32_t pixel = (tile.oy + i) * p->out_w + tile.ox + j;
      if (pixel >= range.begin && pixel < range.end) {
        (void)copy(output + pixel * p->out_c, stage + (i * side + j) * p->out_c, p->out_c);
      }
    }
  }
}

#endif
