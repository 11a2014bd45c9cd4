/* The body of the binary_conv2d kernels. The including file has defined EQ_BINARY_PIXELS, and
 *
 *   group(q, x, base, w, words, o, out_c, y, count, form)
 *
 * which computes the outputs of channels o .. o+3 (those below out_c) of `count` pixels: x[i] are the words of a pixel's
 * patch, base[i] what its sums start from, y[i] its channel 0. Pixels beyond the last repeat the first. */
#include "eq_binary_conv2d.h"
#include "eq_inline.h"
#include "eq_window.h"

/* The words under one output pixel, zeros outside the image, where the sums of the taps' weights go to `base`. Returns
 * what the pixel's sums start from. */
static const int32_t *gather(const eq_binary_conv2d_t *p, const uint32_t *input, int32_t pixel, uint32_t *patch,
                             int32_t *base) {
  const int32_t words = (p->in_c + 31) / 32;
  const int32_t iy = pixel / p->out_w * p->stride_h - p->pad_top, ix = pixel % p->out_w * p->stride_w - p->pad_left;
  const eq_taps_t rows = eq_taps_inside(iy, p->kernel_h, p->dilation_h, p->in_h);
  const eq_taps_t columns = eq_taps_inside(ix, p->kernel_w, p->dilation_w, p->in_w);
  const int32_t whole = rows.end - rows.begin == p->kernel_h && columns.end - columns.begin == p->kernel_w;
  if (!whole) {
    for (int32_t o = 0; o < p->out_c; o++) {
      base[o] = p->bias[o];
    }
  }
  const int16_t *sums = p->tap_sums;
  for (int32_t ky = 0; ky < p->kernel_h; ky++) {
    for (int32_t kx = 0; kx < p->kernel_w; kx++) {
      if (ky >= rows.begin && ky < rows.end && kx >= columns.begin && kx < columns.end) {
        const uint32_t *x = input + ((iy + ky * p->dilation_h) * p->in_w + ix + kx * p->dilation_w) * words;
        for (int32_t i = 0; i < words; i++) {
          *patch++ = *x++;
        }
      } else {
        for (int32_t i = 0; i < words; i++) {
          *patch++ = 0;
        }
        for (int32_t o = 0; o < p->out_c; o++) {
          base[o] += sums[o];
        }
      }
      sums += p->out_c;
    }
  }
  return whole ? p->bias : base;
}

static EQ_INLINE void conv2d(const eq_binary_conv2d_t *p, const uint32_t *restrict input, int8_t *restrict output,
                             void *restrict scratch, eq_range_t range, eq_requant_form_t form) {
  const int32_t words = p->kernel_h * p->kernel_w * ((p->in_c + 31) / 32), out_c = p->out_c;
  uint32_t *const patches = scratch;
  int32_t *const bases = (int32_t *)(patches + EQ_BINARY_PIXELS * words);
  for (int32_t pixel = range.begin; pixel < range.end; pixel += EQ_BINARY_PIXELS) {
    const int32_t count = range.end - pixel < EQ_BINARY_PIXELS ? range.end - pixel : EQ_BINARY_PIXELS;
    const uint32_t *x[EQ_BINARY_PIXELS];
    const int32_t *base[EQ_BINARY_PIXELS];
    int8_t *y[EQ_BINARY_PIXELS];
    for (int32_t i = 0; i < EQ_BINARY_PIXELS; i++) {
      const int32_t place = i < count ? i : 0;
      x[i] = patches + place * words;
      y[i] = output + (pixel + place) * out_c;
      base[i] = i < count ? gather(p, input, pixel + i, patches + i * words, bases + i * ((out_c + 3) & ~3)) : base[0];
    }
    const uint32_t *w = p->weights;
    for (int32_t o = 0; o < out_c; o += 4) {
      group(&p->requant, x, base, w, words, o, out_c, y, count, form);
      w += 4 * words;
    }
  }
}

#define EQ_BINARY_CONV2D_FUNCTIONS(isa)                              \
  EQ_BINARY_CONV2D_PROTOTYPE(eq_binary_conv2d_high_##isa) {          \
    conv2d(p, input, output, scratch, range, EQ_REQUANT_HIGH);       \
  }                                                                  \
  EQ_BINARY_CONV2D_PROTOTYPE(eq_binary_conv2d_shift_##isa) {         \
    conv2d(p, input, output, scratch, range, EQ_REQUANT_SHIFT);      \
  }
