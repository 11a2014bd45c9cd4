/* conv2d, int8, 3x3 with stride 1, Armv7E-M DSP: Winograd F(2x2, 3x3). The header states the contract, eq_winograd.h the
 * arithmetic.
 *
 *   B^T = [1  0 -1  0]    G = [2  0  0]    A^T = [1  1  1  0]    result: 4 * sum
 *         [0  1  1  0]        [1  1  1]          [0  1 -1 -1]
 *         [0 -1  1  0]        [1 -1  1]
 *         [0  1  0 -1]        [0  0  2]
 *
 * |U| <= 4 * 128 and |W| <= 9 * 128 are halfwords, two input channels a word. Four tiles are transformed once and
 * multiplied with two output channels at a time: 11 instructions for 16 products. Positions of a tile are counted down
 * its columns. */
#include "eq_dsp.h"
#include "eq_winograd.h"
#include "eq_winograd_dsp.h"

enum { SIDE = 2 };

static EQ_INLINE int8_t *copy_run(int8_t *target, const int8_t *source, int32_t bytes) {
  for (; bytes >= 4; bytes -= 4) {
    const uint32_t word = eq_dsp_load(source);
    __builtin_memcpy(target, &word, sizeof word);
    source += 4;
    target += 4;
  }
  for (; bytes > 0; bytes--) {
    *target++ = *source++;
  }
  return target;
}

static EQ_INLINE int8_t *fill_run(int8_t *target, int32_t value, int32_t bytes) {
  for (; bytes > 0; bytes--) {
    *target++ = (int8_t)value;
  }
  return target;
}

/* A tile's input, transformed to u: [pairs of channels][16 positions][EQ_WINOGRAD_TILES]. Channels beyond in_c are
 * whatever follows them in memory; their weights are zero. */
static void transform_input(const eq_conv2d_s8_t *p, const int8_t *input, eq_tile_t tile, uint32_t *u,
                            int8_t *patch) {
  const int32_t in_c = p->in_c;
  const int32_t direct = (in_c & 3) == 0 && eq_tile_lies_inside(p, tile, SIDE);
  const eq_tile_input_t from = direct ? eq_tile_in_image(p, input, tile)
                                      : eq_tile_in_patch(p, input, tile, SIDE, patch, copy_run, fill_run);
  eq_winograd_input_dsp(from.x, from.row_step, in_c, u);
}

/* One channel of one tile, from m: [16 positions][2 channels][EQ_WINOGRAD_TILES] with the channel and tile chosen. */
static EQ_INLINE void transform_output(const int32_t *m, int32_t bias, int32_t multiplier, int32_t shift,
                                       const eq_dsp_requant_t *q, int8_t *y, int32_t row_step, int32_t step,
                                       eq_requant_form_t form) {
  uint32_t top[4], bottom[4];
  for (int32_t j = 0; j < 4; j++) {
    const int32_t *const column = m + j * 4 * EQ_WINOGRAD_PRODUCTS_DSP;
    const uint32_t a = (uint32_t)column[0], b = (uint32_t)column[EQ_WINOGRAD_PRODUCTS_DSP];
    const uint32_t c = (uint32_t)column[2 * EQ_WINOGRAD_PRODUCTS_DSP];
    const uint32_t d = (uint32_t)column[3 * EQ_WINOGRAD_PRODUCTS_DSP];
    top[j] = a + b + c;
    bottom[j] = b - c - d;
  }
  const uint32_t sums[4] = {top[0] + top[1] + top[2], top[1] - top[2] - top[3], bottom[0] + bottom[1] + bottom[2],
                            bottom[1] - bottom[2] - bottom[3]};
  y[0] = eq_dsp_requantize(bias + ((int32_t)sums[0] >> 2), multiplier, shift, q, form);
  y[step] = eq_dsp_requantize(bias + ((int32_t)sums[1] >> 2), multiplier, shift, q, form);
  y += row_step;
  y[0] = eq_dsp_requantize(bias + ((int32_t)sums[2] >> 2), multiplier, shift, q, form);
  y[step] = eq_dsp_requantize(bias + ((int32_t)sums[3] >> 2), multiplier, shift, q, form);
}

/* One output channel of up to four tiles. */
static EQ_INLINE void store_channel(const eq_conv2d_s8_t *p, const eq_dsp_requant_t *q, const int32_t *m,
                                    int32_t channel, const eq_tile_t *tiles, int32_t count, int8_t *output,
                                    eq_range_t range, eq_requant_form_t form) {
  const int32_t bias = p->bias[channel], multiplier = q->multiplier[channel];
  const int32_t shift = form == EQ_REQUANT_HIGH ? 32 : q->shift[channel];
  const int32_t out_c = p->out_c, row_step = p->out_w * out_c;
  for (int32_t t = 0; t < count; t++) {
    const eq_tile_t tile = tiles[t];
    if (eq_tile_is_whole(p, tile, SIDE, range)) {
      int8_t *const y = output + tile.oy * row_step + tile.ox * out_c + channel;
      transform_output(m + t, bias, multiplier, shift, q, y, row_step, out_c, form);
    } else {
      int8_t stage[SIDE * SIDE];
      transform_output(m + t, bias, multiplier, shift, q, stage, SIDE, 1, form);
      eq_tile_unstage(p, tile, SIDE, range, stage, output + channel);
    }
  }
}

static EQ_INLINE void conv2d(const eq_conv2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             void *restrict scratch, eq_range_t range, eq_requant_form_t form) {
  const int32_t pairs = (p->in_c + 3) / 4 * 2;
  const eq_dsp_requant_t q = eq_dsp_requant(&p->requant);
  int32_t *const m = scratch;
  uint32_t *const u = (uint32_t *)scratch + 16 * EQ_WINOGRAD_PRODUCTS_DSP;
  int8_t *const patch = (int8_t *)(u + pairs * 16 * EQ_WINOGRAD_TILES);
  eq_tile_t next = eq_first_tile(p, range, SIDE);
  for (int32_t left = eq_tiles_of(p, range, SIDE); left > 0; left -= EQ_WINOGRAD_TILES) {
    const int32_t count = left < EQ_WINOGRAD_TILES ? left : EQ_WINOGRAD_TILES;
    eq_tile_t tiles[EQ_WINOGRAD_TILES];
    for (int32_t t = 0; t < count; t++) {
      tiles[t] = next;
      transform_input(p, input, next, u + t, patch);
      next = eq_next_tile(p, next, SIDE);
    }
    const uint32_t *weights = p->weights;
    for (int32_t o = 0; o < p->out_c; o += 2) {
      weights = eq_winograd_products_dsp(u, weights, m, pairs);
      store_channel(p, &q, m, o, tiles, count, output, range, form);
      if (o + 1 < p->out_c) {
        store_channel(p, &q, m + EQ_WINOGRAD_TILES, o + 1, tiles, count, output, range, form);
      }
    }
  }
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_winograd2x2_high_dsp) {
  conv2d(p, input, output, scratch, range, EQ_REQUANT_HIGH);
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_winograd2x2_shift_dsp) {
  conv2d(p, input, output, scratch, range, EQ_REQUANT_SHIFT);
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_winograd2x2_tflite_dsp) {
  conv2d(p, input, output, scratch, range, EQ_REQUANT_TFLITE);
}
