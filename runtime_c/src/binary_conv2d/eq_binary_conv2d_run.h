/* The body of the binary_conv2d kernels. The including file has defined EQ_BINARY_PIXELS, and
 *
 *   group(q, x, base, w, words, o, out_c, y, count, form)
 *
 * which computes the outputs of channels o .. o+3 (those below out_c) of `count` pixels: x[i] are the words of a pixel's
 * patch, base[i] what its sums start from, y[i] its channel 0. */
#ifndef EQ_BINARY_CONV2D_RUN_H
#define EQ_BINARY_CONV2D_RUN_H

#include "eq_binary_patch.h"

static EQ_INLINE void conv2d(const eq_binary_conv2d_t *p, const uint32_t *restrict input, int8_t *restrict output,
                             void *restrict scratch, eq_range_t range, eq_requant_form_t form) {
  const int32_t words = eq_binary_words(p), out_c = p->out_c;
  uint32_t *const patches = scratch;
  int32_t *const bases = (int32_t *)(patches + EQ_BINARY_PIXELS * words);
  for (int32_t pixel = range.begin; pixel < range.end; pixel += EQ_BINARY_PIXELS) {
    const int32_t count = range.end - pixel < EQ_BINARY_PIXELS ? range.end - pixel : EQ_BINARY_PIXELS;
    const uint32_t *x[EQ_BINARY_PIXELS];
    const int32_t *base[EQ_BINARY_PIXELS];
    int8_t *y[EQ_BINARY_PIXELS];
    for (int32_t i = 0; i < count; i++) {
      int32_t *const outside = bases + i * ((out_c + 3) & ~3);
      x[i] = patches + i * words;
      y[i] = output + (pixel + i) * out_c;
      base[i] = p->bias;
      if (eq_binary_patch(p, input, pixel + i, patches + i * words, outside)) {
        for (int32_t o = 0; o < out_c; o++) {
          outside[o] += p->bias[o];
        }
        base[i] = outside;
      }
    }
    const uint32_t *w = p->weights;
    for (int32_t o = 0; o < out_c; o += 4) {
      group(&p->requant, x, base, w, words, o, out_c, y, count, form);
      w += 4 * words;
    }
  }
}

#endif
