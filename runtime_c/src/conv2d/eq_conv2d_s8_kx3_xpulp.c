/* conv2d with three kernel columns, stride and dilation 1 along a row: int8, Xpulp / CORE-V. The header states the
 * contract, eq_xpulp_slide.h the products.
 *
 * Eight pixels of a row at a time. The input under them is rearranged once, for all output channels, into words of four
 * channels that follow each other pixel after pixel. */
#include "eq_conv2d.h"
#include "eq_xpulp_block.h"
#include "eq_xpulp_slide.h"

enum { LANES = 4, BLOCK_BYTES = 4 * EQ_SLIDE_WORDS };

/* One row's words of four channels: the pixels [begin, end) of the ten come from x on, the others are `outside`. */
static EQ_INLINE int8_t *gather_quad(int8_t *strip, const int8_t *x, int32_t in_c, int32_t begin, int32_t end,
                                     uint32_t outside) {
  int32_t left = end - begin;
  for (int32_t i = begin; i > 0; i--) {
    eq_xcv_store_w(strip, outside, 4);
  }
  if (left >= 8) {
    uint32_t a, b, c, d, e, f, g, h;
    EQ_XPULP_NEXT_BY(a, x, in_c);
    EQ_XPULP_NEXT_BY(b, x, in_c);
    EQ_XPULP_NEXT_BY(c, x, in_c);
    EQ_XPULP_NEXT_BY(d, x, in_c);
    EQ_XPULP_NEXT_BY(e, x, in_c);
    EQ_XPULP_NEXT_BY(f, x, in_c);
    EQ_XPULP_NEXT_BY(g, x, in_c);
    EQ_XPULP_NEXT_BY(h, x, in_c);
    eq_xcv_store_w(strip, a, 4);
    eq_xcv_store_w(strip, b, 4);
    eq_xcv_store_w(strip, c, 4);
    eq_xcv_store_w(strip, d, 4);
    eq_xcv_store_w(strip, e, 4);
    eq_xcv_store_w(strip, f, 4);
    eq_xcv_store_w(strip, g, 4);
    eq_xcv_store_w(strip, h, 4);
    left -= 8;
  }
  for (; left > 0; left--) {
    uint32_t a;
    EQ_XPULP_NEXT_BY(a, x, in_c);
    eq_xcv_store_w(strip, a, 4);
  }
  for (int32_t i = EQ_SLIDE_WORDS - end; i > 0; i--) {
    eq_xcv_store_w(strip, outside, 4);
  }
  return strip;
}

/* The same for 1 to 3 channels that end the image: nothing is read beyond them. */
static int8_t *gather_tail(int8_t *strip, const int8_t *x, int32_t in_c, int32_t begin, int32_t end, uint32_t outside) {
  for (int32_t i = 0; i < EQ_SLIDE_WORDS; i++) {
    const int32_t inside = i >= begin && i < end;
    eq_xcv_store_w(strip, inside ? eq_load_tail(x + (i - begin) * in_c, in_c & 3) : outside, 4);
  }
  return strip;
}

/* Input rows from iy on, ten pixels from ix on: [kernel_h][up(in_c,4)/4][10 pixels][4 channels]. Where in_c is no
 * multiple of 4, the last word of a pixel also holds the next one's first bytes; their weights are zero. */
static void gather(const eq_conv2d_s8_t *p, const int8_t *input, int32_t iy, int32_t ix, int8_t *strip) {
  const int32_t in_c = p->in_c, quads = (in_c + 3) / LANES;
  const uint32_t outside = ((uint32_t)p->input_zero_point & 0xffu) * 0x01010101u;
  const int32_t begin = eq_clamp(-ix, 0, EQ_SLIDE_WORDS), end = eq_clamp(p->in_w - ix, begin, EQ_SLIDE_WORDS);
  for (int32_t ky = p->kernel_h; ky > 0; ky--, iy += p->dilation_h) {
    if (iy < 0 || iy >= p->in_h || begin == end) {
      strip = eq_xpulp_fill(strip, p->input_zero_point, quads * BLOCK_BYTES);
      continue;
    }
    const int8_t *x = input + (iy * p->in_w + ix + begin) * in_c;
    int32_t left = quads;
    const int32_t last = (iy * p->in_w + ix + end - 1) * in_c; /* offset of the last pixel */
    const int32_t careful = last + quads * LANES > p->in_h * p->in_w * in_c;
    for (left -= careful; left > 0; left--) {
      strip = gather_quad(strip, x, in_c, begin, end, outside);
      x += LANES;
    }
    if (careful) {
      strip = gather_tail(strip, x, in_c, begin, end, outside);
    }
  }
}

/* Requantizes and stores channels o on of `count` pixels; y is the first pixel's channel 0. */
static EQ_INLINE void store_pairs(const eq_xpulp_slide_t *c, eq_xpulp_requant_t q, int32_t o, int32_t out_c, int8_t *y,
                                  int32_t count, eq_requant_form_t form) {
  const eq_range_t channels = {0, out_c};
  const int32_t *sums = c->sums;
  const int32_t end = o + 2 * c->pairs;
  for (; o < end; o += LANES) {
    if (o + LANES > out_c || (out_c & 3) != 0) {
      for (int32_t i = 0; i < count; i++) {
        const int32_t four[LANES] = {sums[2 * i], sums[2 * i + 1], sums[2 * i + 16], sums[2 * i + 17]};
        eq_xpulp_store_part(&q, four, o, channels, y + i * out_c, form);
      }
    } else {
      const uint32_t m[4] = {eq_xpulp_multiplier(&q, o, form), eq_xpulp_multiplier(&q, o + 1, form),
                             eq_xpulp_multiplier(&q, o + 2, form), eq_xpulp_multiplier(&q, o + 3, form)};
      const int32_t shift[4] = {eq_xpulp_shift(&q, o, form), eq_xpulp_shift(&q, o + 1, form),
                                eq_xpulp_shift(&q, o + 2, form), eq_xpulp_shift(&q, o + 3, form)};
      const int32_t offset[4] = {eq_xpulp_offset(&q, o, form), eq_xpulp_offset(&q, o + 1, form),
                                 eq_xpulp_offset(&q, o + 2, form), eq_xpulp_offset(&q, o + 3, form)};
      int8_t *z = y + o;
      const int32_t *const last = sums + 2 * count;
      for (const int32_t *s = sums; s != last; s += 2) {
        const int32_t four[LANES] = {s[0], s[1], s[16], s[17]};
        const uint32_t b = eq_xpulp_requantize4(four, m, shift, offset, form);
        eq_xcv_store_w_by(z, eq_xcv_min_b(eq_xcv_max_b(b, q.act_mins), q.act_maxs), out_c);
      }
    }
    sums += 4 * EQ_SLIDE_PIXELS;
  }
}

static EQ_INLINE void conv2d(const eq_conv2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             void *restrict scratch, eq_range_t range, eq_requant_form_t form) {
  const eq_xpulp_requant_t q = eq_xpulp_requant(&p->requant);
  const int32_t out_c = p->out_c, last = out_c & ~3;
  int32_t last_bias[LANES] = {0, 0, 0, 0};
  for (int32_t o = last; o < out_c; o++) {
    last_bias[o - last] = p->bias[o];
  }
  int32_t ox = range.begin % p->out_w, oy = range.begin / p->out_w, count;
  eq_xpulp_slide_t c;
  c.x = scratch;
  c.steps = p->kernel_h * ((p->in_c + 3) / LANES);
  for (int32_t pixel = range.begin; pixel < range.end; pixel += count) {
    count = p->out_w - ox < range.end - pixel ? p->out_w - ox : range.end - pixel;
    count = count < EQ_SLIDE_PIXELS ? count : EQ_SLIDE_PIXELS;
    gather(p, input, oy * p->stride_h - p->pad_top, ox - p->pad_left, scratch);
    c.weights = p->weights;
    c.bias = p->bias;
    for (int32_t o = 0; o < out_c; o += 2 * c.pairs) {
      c.pairs = (last - o) / 2 < EQ_SLIDE_PAIRS ? (last - o) / 2 : EQ_SLIDE_PAIRS;
      if (o == last) {
        c.bias = last_bias;
        c.pairs = 2;
      }
      eq_xpulp_slide(&c);
      store_pairs(&c, q, o, out_c, output + pixel * out_c, count, form);
    }
    ox += count;
    if (ox == p->out_w) {
      ox = 0;
      oy++;
    }
  }
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_kx3_high_xpulp) { conv2d(p, input, output, scratch, range, EQ_REQUANT_HIGH); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_kx3_shift_xpulp) { conv2d(p, input, output, scratch, range, EQ_REQUANT_SHIFT); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_kx3_tflite_xpulp) { conv2d(p, input, output, scratch, range, EQ_REQUANT_TFLITE); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_kx3_line_xpulp) { conv2d(p, input, output, scratch, range, EQ_REQUANT_LINE); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_kx3_step_xpulp) { conv2d(p, input, output, scratch, range, EQ_REQUANT_STEP); }
