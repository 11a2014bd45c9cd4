/* dwconv2d, FP16 storage, Xpulp with smallfloat, an even number of channels: a pixel. Input gradients are made of
 * them as well.
 *
 * Two taps of a channel are a pair: neighbouring channels of two taps are words, whose halves are exchanged in
 * integer registers. A tap outside the image points to zeros. */
#ifndef EQ_XPULP_DWCONV2D_F16_H
#define EQ_XPULP_DWCONV2D_F16_H

#include "eq_dwconv2d_float.h"
#include "eq_memory.h"
#include "eq_window.h"
#include "eq_xpulp_f16.h"

/* Pointers to the taps of an output pixel, an even number of them; zeros[in_c] are 0. */
static EQ_INLINE void find_taps(const eq_dwconv2d_f16_t *p, const eq_f16_t *input, int32_t pixel, const eq_f16_t *zeros,
                                const eq_f16_t **taps) {
  const int32_t ix = pixel % p->out_w * p->stride_w - p->pad_left;
  const eq_taps_t columns = eq_taps_inside(ix, p->kernel_w, p->dilation_w, p->in_w);
  int32_t iy = pixel / p->out_w * p->stride_h - p->pad_top;
  for (int32_t ky = 0; ky < p->kernel_h; ky++, iy += p->dilation_h) {
    const int32_t inside = iy >= 0 && iy < p->in_h;
    for (int32_t kx = 0; kx < p->kernel_w; kx++) {
      *taps++ = inside && kx >= columns.begin && kx < columns.end
                    ? input + (iy * p->in_w + ix + kx * p->dilation_w) * p->in_c
                    : zeros;
    }
  }
  *taps = zeros;
}

static EQ_INLINE uint32_t word_at(const eq_f16_t *x) {
  uint32_t word;
  __builtin_memcpy(&word, __builtin_assume_aligned(x, 4), sizeof word);
  return word;
}

/* The channels c and c + 1 of two taps. */
static EQ_INLINE void add_pairs(float sum[2], const eq_f16_t *first, const eq_f16_t *second, const eq_f16_t *w) {
  const uint32_t a = word_at(first), b = word_at(second);
  sum[0] = eq_xpulp_dotpex(sum[0], eq_xpulp_pair_of(eq_xcv_pack_lo_h(b, a)), eq_xpulp_load_pair(w));
  sum[1] = eq_xpulp_dotpex(sum[1], eq_xpulp_pair_of(eq_xcv_pack_hi_h(b, a)), eq_xpulp_load_pair(w + 2));
}

/* `lanes` (2 or 4) channels from c on. */
static EQ_INLINE void channels_of(const eq_dwconv2d_f16_t *p, const eq_f16_t *const *taps, int32_t pairs, int32_t c,
                                  eq_f16_t *y, int32_t lanes) {
  float low[2] = {p->bias[c], p->bias[c + 1]}, high[2] = {0.0f, 0.0f};
  if (lanes > 2) {
    high[0] = p->bias[c + 2];
    high[1] = p->bias[c + 3];
  }
  const eq_f16_t *w = p->weights + 2 * c;
  for (; pairs > 0; pairs--) {
    const eq_f16_t *const first = taps[0] + c, *const second = taps[1] + c;
    add_pairs(low, first, second, w);
    if (lanes > 2) {
      add_pairs(high, first + 2, second + 2, w + 4);
    }
    taps += 2;
    w += 2 * p->in_c;
  }
  const eq_float4_t sum = {low[0], low[1], high[0], high[1]};
  eq_float_put4(sum, y + c, lanes, p->act_min, p->act_max);
}

/* Zeros at the begin of scratch memory, once for all pixels; the pointers to the taps lie behind them. */
static EQ_INLINE void eq_xpulp_dwconv2d_begin(void *scratch, int32_t channels) {
  memset(scratch, 0, (size_t)channels * sizeof(eq_f16_t));
}

/* One pixel; `pixels` and `pitch` are those of blocks of convolutions. */
static EQ_INLINE void eq_xpulp_dwconv2d_pixel(const eq_dwconv2d_f16_t *p, const eq_f16_t *input, int32_t pixel,
                                              int32_t pixels, eq_f16_t *y, int32_t pitch, void *scratch) {
  (void)pixels;
  (void)pitch;
  const int32_t pairs = (p->kernel_h * p->kernel_w + 1) / 2, channels = p->out_c;
  eq_f16_t *const zeros = scratch;
  const eq_f16_t **const taps = (const eq_f16_t **)(void *)(zeros + ((channels + 7) & ~7));
  find_taps(p, input, pixel, zeros, taps);
  int32_t c = 0;
  for (; c + 4 <= channels; c += 4) {
    channels_of(p, taps, pairs, c, y, 4);
  }
  if (c < channels) {
    channels_of(p, taps, pairs, c, y, 2);
  }
}

#endif
