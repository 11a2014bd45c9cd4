/* The body of binary_conv2d kernels of two pixels. The including file has defined
 *
 *   group(p, x, base, w, words, o, y)
 *
 * which computes the outputs of channels o .. o+3 (those below out_c) of one pixel: x are the words of its patch, base its
 * class's, y its channel 0. */
#ifndef EQ_BINARY_CONV2D_RUN_H
#define EQ_BINARY_CONV2D_RUN_H

#include "eq_binary_patch.h"

static EQ_INLINE void conv2d(const eq_binary_conv2d_t *p, const uint32_t *restrict input, int8_t *restrict output,
                             uint32_t *restrict patches, eq_range_t range) {
  const int32_t words = eq_binary_words(p);
  for (int32_t pixel = range.begin; pixel < range.end; pixel += 2) {
    const int32_t count = pixel + 1 < range.end ? 2 : 1;
    const int32_t *base[2];
    for (int32_t i = 0; i < count; i++) {
      const int32_t oy = (pixel + i) / p->out_w, ox = (pixel + i) % p->out_w;
      base[i] = eq_binary_patch(p, input, oy, ox, patches + i * words);
    }
    const uint32_t *w = p->weights;
    for (int32_t o = 0; o < p->out_c; o += 4) {
      for (int32_t i = 0; i < count; i++) {
        group(p, patches + i * words, base[i] + o, w, words, o, output + (pixel + i) * p->out_c);
      }
      w += 4 * words;
    }
  }
}

#endif
