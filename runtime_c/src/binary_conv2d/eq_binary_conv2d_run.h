/* The bodies of binary_conv2d kernels of four channels. The including file has defined
 *
 *   group(p, x, base, w, words, o, y)
 *
 * which computes the outputs of channels o .. o+3 (those below out_c) of one pixel: x are the words of its patch, base
 * its class's from channel o on, w their weights, y its channel 0; and
 *
 *   signs(x, base, w, words)
 *
 * the four bits instead, the first channel's lowest. */
#ifndef EQ_BINARY_CONV2D_RUN_H
#define EQ_BINARY_CONV2D_RUN_H

#include "eq_binary_patch.h"

/* Pixels have functions of their own, which keep what they need in registers. */
__attribute__((noinline, unused)) static void outputs_of_pixel(const eq_binary_conv2d_t *p, const uint32_t *x,
                                                               const int32_t *base, int32_t words, int8_t *y) {
  const uint32_t *w = p->weights;
  for (int32_t o = 0; o < p->out_c; o += 4) {
    group(p, x, base + o, w, words, o, y);
    w += 4 * words;
  }
}

__attribute__((noinline, unused)) static void bits_of_pixel(const eq_binary_conv2d_t *p, const uint32_t *x,
                                                            const int32_t *base, int32_t words, uint32_t *y) {
  const uint32_t *w = p->weights;
  for (int32_t o = 0; o < p->out_c; o += 32) {
    uint32_t word = 0;
    for (int32_t i = o; i < o + 32 && i < p->out_c; i += 4) {
      word |= signs(x, base + i, w, words) << (i - o);
      w += 4 * words;
    }
    *y++ = word;
  }
}

static EQ_INLINE void conv2d(const eq_binary_conv2d_t *p, const uint32_t *restrict input, int8_t *restrict output,
                             uint32_t *restrict patch, eq_range_t range) {
  for (int32_t pixel = range.begin; pixel < range.end; pixel++) {
    const int32_t oy = pixel / p->out_w, ox = pixel % p->out_w;
    const uint32_t *const x = eq_binary_patch(p, input, oy, ox, patch);
    outputs_of_pixel(p, x, eq_binary_base(p, (p->out_c + 3) & ~3, oy, ox), eq_binary_words(p), output + pixel * p->out_c);
  }
}

static EQ_INLINE void conv2d_bits(const eq_binary_conv2d_t *p, const uint32_t *restrict input,
                                  uint32_t *restrict output, uint32_t *restrict patch, eq_range_t range) {
  const int32_t words = (p->out_c + 31) / 32;
  for (int32_t pixel = range.begin; pixel < range.end; pixel++) {
    const int32_t oy = pixel / p->out_w, ox = pixel % p->out_w;
    const uint32_t *const x = eq_binary_patch(p, input, oy, ox, patch);
    bits_of_pixel(p, x, eq_binary_base(p, (p->out_c + 3) & ~3, oy, ox), eq_binary_words(p), output + pixel * words);
  }
}

#endif
