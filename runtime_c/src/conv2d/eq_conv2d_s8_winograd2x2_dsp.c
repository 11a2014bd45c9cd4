/* conv2d, int8, 3x3 with stride 1, Armv7E-M DSP: Winograd F(2x2, 3x3). The header states the contract, eq_winograd.h
 * the arithmetic.
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
  for (; bytes >= 16; bytes -= 16) {
    uint32_t words[4];
    __builtin_memcpy(words, source, sizeof words);
    __builtin_memcpy(target, words, sizeof words);
    source += 16;
    target += 16;
  }
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
  const uint32_t word = ((uint32_t)value & 0xffu) * 0x01010101u;
  const uint32_t words[4] = {word, word, word, word};
  for (; bytes >= 16; bytes -= 16) {
    __builtin_memcpy(target, words, sizeof words);
    target += 16;
  }
  for (; bytes >= 4; bytes -= 4) {
    __builtin_memcpy(target, &word, sizeof word);
    target += 4;
  }
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
  const int32_t below = tile.oy - p->pad_top + SIDE + 2 < p->in_h; /* bytes of the image follow those of the tile */
  const int32_t direct = eq_tile_lies_inside(p, tile, SIDE) && ((in_c & 3) == 0 || below);
  const eq_tile_input_t from = direct ? eq_tile_in_image(p, input, tile)
                                      : eq_tile_in_patch(p, input, tile, SIDE, patch, copy_run, fill_run);
  eq_winograd_input_dsp(from.x, from.row_step, in_c, u);
}

/* A^T times a column of m: [16 positions][2 channels][EQ_WINOGRAD_TILES] with the channel and tile chosen. */
typedef struct {
  uint32_t top, bottom;
} pair_t;

static EQ_INLINE pair_t output_column(const int32_t *m) {
  const uint32_t a = (uint32_t)m[0], b = (uint32_t)m[EQ_WINOGRAD_PRODUCTS_DSP];
  const uint32_t c = (uint32_t)m[2 * EQ_WINOGRAD_PRODUCTS_DSP], d = (uint32_t)m[3 * EQ_WINOGRAD_PRODUCTS_DSP];
  return (pair_t){a + b + c, b - c - d};
}

/* One channel of one tile. */
static EQ_INLINE void transform_output(const int32_t *m, int32_t bias, eq_dsp_scale_t k, const eq_dsp_requant_t *q,
                                       eq_place_t *place, eq_requant_form_t form) {
  const pair_t a = output_column(m), b = output_column(m + 4 * EQ_WINOGRAD_PRODUCTS_DSP);
  uint32_t s0 = a.top + b.top, s1 = b.top, s2 = a.bottom + b.bottom, s3 = b.bottom;
  const pair_t c = output_column(m + 8 * EQ_WINOGRAD_PRODUCTS_DSP);
  s0 += c.top;
  s1 -= c.top;
  s2 += c.bottom;
  s3 -= c.bottom;
  const pair_t d = output_column(m + 12 * EQ_WINOGRAD_PRODUCTS_DSP);
  s1 -= d.top;
  s3 -= d.bottom;
  int32_t y0 = eq_dsp_scale_saturate(bias + ((int32_t)s0 >> 2), k, form);
  int32_t y1 = eq_dsp_scale_saturate(bias + ((int32_t)s1 >> 2), k, form);
  int32_t y2 = eq_dsp_scale_saturate(bias + ((int32_t)s2 >> 2), k, form);
  int32_t y3 = eq_dsp_scale_saturate(bias + ((int32_t)s3 >> 2), k, form);
  if (q->narrow) {
    y0 = eq_clamp(y0, q->act_min, q->act_max);
    y1 = eq_clamp(y1, q->act_min, q->act_max);
    y2 = eq_clamp(y2, q->act_min, q->act_max);
    y3 = eq_clamp(y3, q->act_min, q->act_max);
  }
  int8_t *const y = place->y, *const below = y + place->row_step;
  y[0] = (int8_t)y0;
  y[place->step] = (int8_t)y1;
  below[0] = (int8_t)y2;
  below[place->step] = (int8_t)y3;
  place->y = y + 1;
}

/* One output channel of up to four tiles. */
static EQ_INLINE void store_channel(const eq_conv2d_s8_t *p, const eq_dsp_requant_t *q, const int32_t *m,
                                    int32_t channel, eq_place_t *place, const eq_place_t *end,
                                    eq_requant_form_t form) {
  const int32_t bias = p->bias[channel];
  const eq_dsp_scale_t k = eq_dsp_scale_of(q, channel, form);
  for (; place != end; place++) {
    transform_output(m, bias, k, q, place, form);
    m++;
  }
}

/* All output channels of up to four tiles. */
static EQ_INLINE void multiply(const eq_conv2d_s8_t *p, const uint32_t *u, int32_t *m, eq_place_t *places,
                               int32_t count, eq_requant_form_t form) {
  const eq_dsp_requant_t q = eq_dsp_requant(&p->requant);
  const int32_t whole = form == EQ_REQUANT_HIGH && !q.narrow;
  eq_winograd_pairs_t pairs = {u, p->weights, m, (p->in_c + 3) / 4 * 2, p->bias, q.multiplier, q.zero_point, places,
                               places + count, whole ? p->out_c : 0};
  if (whole) {
    eq_winograd_pairs(&pairs);
    return;
  }
  for (int32_t o = 0; o < p->out_c; o += 2) {
    eq_winograd_pairs(&pairs);
    const int32_t channels = o + 1 < p->out_c ? 2 : 1;
    for (int32_t i = 0; i < channels; i++) { /* a loop, because the body is inlined */
      store_channel(p, &q, m + i * EQ_WINOGRAD_TILES, o + i, places, places + count, form);
    }
  }
}

static EQ_INLINE void conv2d(const eq_conv2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             void *restrict scratch, eq_range_t range, eq_requant_form_t form) {
  int32_t *const m = scratch;
  uint32_t *const u = (uint32_t *)scratch + 16 * EQ_WINOGRAD_PRODUCTS_DSP;
  int8_t *const rest = (int8_t *)(u + (p->in_c + 3) / 4 * 32 * EQ_WINOGRAD_TILES); /* a tile's input, later outputs */
  eq_tile_t next = eq_first_tile(p, range, SIDE);
  for (int32_t left = eq_tiles_of(p, range, SIDE); left > 0; left -= EQ_WINOGRAD_TILES) {
    const int32_t count = left < EQ_WINOGRAD_TILES ? left : EQ_WINOGRAD_TILES;
    eq_tile_t tiles[EQ_WINOGRAD_TILES];
    eq_place_t places[EQ_WINOGRAD_TILES];
    for (int32_t t = 0; t < count; t++) {
      tiles[t] = next;
      places[t] = eq_place_of(p, next, SIDE, range, output, rest + t * SIDE * SIDE * p->out_c);
      transform_input(p, input, next, u + t, rest);
      next = eq_next_tile(p, next, SIDE);
    }
    multiply(p, u, m, places, count, form);
    for (int32_t t = 0; t < count; t++) {
      if (!eq_tile_is_whole(p, tiles[t], SIDE, range)) {
        eq_unstage(p, tiles[t], SIDE, range, rest + t * SIDE * SIDE * p->out_c, output, copy_run);
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

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_winograd2x2_line_dsp) {
  conv2d(p, input, output, scratch, range, EQ_REQUANT_LINE);
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_winograd2x2_step_dsp) {
  conv2d(p, input, output, scratch, range, EQ_REQUANT_STEP);
}
