/* binary_conv2d, Xpulp / CORE-V. The header states the contract, eq_xpulp_signs.h how outputs are made. */
#include "eq_binary_patch.h"
#include "eq_xpulp_signs.h"

/* Whether every patch is a pixel of the input, at its own place. */
static EQ_INLINE int32_t is_pointwise(const eq_binary_conv2d_t *p) {
  return p->kernel_h == 1 && p->kernel_w == 1 && p->stride_h == 1 && p->stride_w == 1 && p->pad_top == 0 &&
         p->pad_left == 0 && p->in_h == p->out_h && p->in_w == p->out_w;
}

/* The operands of one or two pixels with `bytes` of output each, a missing one repeating the other, or of all whole
 * pairs of pixels up to `end` where that needs no patches. Returns how many pixels they are. */
static EQ_INLINE int32_t operands(const eq_binary_conv2d_t *p, eq_xpulp_signs_t *c, const uint32_t *input,
                                  uint32_t *patches, int32_t pixel, int32_t end, int32_t bytes) {
  const int32_t channels = (p->out_c + 7) & ~7;
  c->weights = p->weights;
  c->step = p->step;
  c->stride = bytes;
  c->pairs = 1;
  if (is_pointwise(p) && end - pixel > 1) {
    c->x0 = input + pixel * c->words;
    c->x1 = c->x0 + c->words;
    c->base0 = c->base1 = p->base;
    c->pairs = (end - pixel) / 2;
    return 2 * c->pairs;
  }
  int32_t oy = pixel / p->out_w, ox = pixel % p->out_w;
  c->x0 = eq_binary_patch(p, input, oy, ox, patches);
  c->base0 = eq_binary_base(p, channels, oy, ox);
  if (end - pixel == 1) {
    c->x1 = c->x0;
    c->base1 = c->base0;
    c->stride = 0;
    return 1;
  }
  if (++ox == p->out_w) {
    ox = 0;
    oy++;
  }
  c->x1 = eq_binary_patch(p, input, oy, ox, patches + c->words);
  c->base1 = eq_binary_base(p, channels, oy, ox);
  return 2;
}

/* The `rest` channels behind the last whole group of a pair of pixels; y is the first one of them. */
static EQ_INLINE void last_outputs(eq_xpulp_signs_t *c, int32_t whole, int32_t rest, int8_t *y) {
  uint32_t group[2 * EQ_XPULP_SIGN_LANES / 4];
  const uint8_t *const made = (const uint8_t *)group;
  const int32_t stride = c->stride;
  c->weights += whole * c->words;
  c->base0 += whole;
  c->base1 += whole;
  c->step += whole;
  c->y = (uint8_t *)group;
  c->end = c->y + EQ_XPULP_SIGN_LANES;
  c->stride = EQ_XPULP_SIGN_LANES;
  eq_xpulp_sign_outputs(c);
  for (int32_t i = 0; i < rest; i++) {
    /* cppcheck-suppress uninitvar ; written through c->y */
    y[i] = (int8_t)made[i];
    y[stride + i] = (int8_t)made[EQ_XPULP_SIGN_LANES + i];
  }
}

EQ_BINARY_CONV2D_PROTOTYPE(eq_binary_conv2d_xpulp, int8_t) {
  const int32_t whole = p->out_c & ~7, rest = p->out_c - whole;
  eq_xpulp_signs_t c;
  c.words = eq_binary_words(p);
  c.act_min = eq_xpulp_twice(p->act_min);
  c.act_max = eq_xpulp_twice(p->act_max);
  for (int32_t pixel = range.begin; pixel < range.end;) {
    int8_t *const y = output + pixel * p->out_c;
    const int32_t end = rest == 0 || range.end - pixel < 2 ? range.end : pixel + 2;
    const int32_t pixels = operands(p, &c, input, scratch, pixel, end, p->out_c);
    if (whole > 0) {
      eq_xpulp_signs_t groups = c;
      groups.y = (uint8_t *)y;
      groups.end = groups.y + whole;
      eq_xpulp_sign_outputs(&groups);
    }
    if (rest > 0) {
      last_outputs(&c, whole, rest, y + whole);
    }
    pixel += pixels;
  }
}

EQ_BINARY_CONV2D_PROTOTYPE(eq_binary_conv2d_bits_xpulp, uint32_t) {
  const int32_t bytes = (p->out_c + 31) / 32 * 4, made = (p->out_c + 7) / 8;
  eq_xpulp_signs_t c;
  c.words = eq_binary_words(p);
  for (int32_t pixel = range.begin; pixel < range.end;) {
    const int32_t pixels = operands(p, &c, input, scratch, pixel, range.end, bytes);
    c.y = (uint8_t *)output + pixel * bytes;
    c.end = c.y + made;
    for (int32_t i = 0; i < pixels && made != bytes; i++) {
      output[(pixel + i + 1) * (bytes / 4) - 1] = 0;
    }
    eq_xpulp_sign_bits(&c);
    pixel += pixels;
  }
}
