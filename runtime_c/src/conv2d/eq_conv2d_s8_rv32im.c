/* conv2d, int8, plain RV32IM (no SIMD). The header states the contract, eq_rv32im_block.h how products are paired.
 *
 * The patches of six pixels are spread once and used by every pair of output channels. */
#include "eq_patch.h"
#include "eq_run.h"
#include "eq_rv32im_block.h"
#include "eq_rv32im_requant.h"
#include "eq_rv32im_spread.h"

static EQ_INLINE void copy_quad(uint32_t *to, const uint32_t *from) {
  const uint32_t even = from[0], odd = from[1];
  to[0] = even;
  to[1] = odd;
}

/* Spreads the patch of the pixel right of one that is spread already, for stride and dilation 1: all but the last
 * column of taps is there. iy, ix: first tap; `to`: this pixel's first word. */
static EQ_INLINE void spread_next(const eq_conv2d_s8_t *p, const int8_t *input, int32_t iy, int32_t ix, uint32_t *to) {
  const int32_t in_c = p->in_c;
  const int32_t shift = in_c / 4 * EQ_RV32IM_QUAD - 2;
  const int32_t last = ix + p->kernel_w - 1;
  const int32_t inside = last >= 0 && last < p->in_w;
  for (int32_t ky = p->kernel_h; ky > 0; ky--, iy += p->dilation_h) {
    const uint32_t *from = to + shift;
    int32_t bytes = (p->kernel_w - 1) * in_c;
    for (; bytes >= 16; bytes -= 16) {
      copy_quad(to, from);
      copy_quad(to + EQ_RV32IM_QUAD, from + EQ_RV32IM_QUAD);
      copy_quad(to + 2 * EQ_RV32IM_QUAD, from + 2 * EQ_RV32IM_QUAD);
      copy_quad(to + 3 * EQ_RV32IM_QUAD, from + 3 * EQ_RV32IM_QUAD);
      from += 4 * EQ_RV32IM_QUAD;
      to += 4 * EQ_RV32IM_QUAD;
    }
    for (; bytes > 0; bytes -= 4) {
      copy_quad(to, from);
      from += EQ_RV32IM_QUAD;
      to += EQ_RV32IM_QUAD;
    }
    if (inside && iy >= 0 && iy < p->in_h) {
      to = eq_spread_run(to, input + (iy * p->in_w + last) * in_c, in_c);
    } else {
      to = eq_spread_fill(to, p->input_zero_point, in_c);
    }
  }
}

static EQ_INLINE int8_t *spread_run(int8_t *target, const int8_t *source, int32_t bytes) {
  return (int8_t *)eq_spread_run((uint32_t *)(void *)target, source, bytes);
}

static EQ_INLINE int8_t *spread_fill(int8_t *target, int32_t value, int32_t bytes) {
  return (int8_t *)eq_spread_fill((uint32_t *)(void *)target, value, bytes);
}

/* Spreads the patches of the pixels first .. first+5 that lie before `end`. A function of its own, so that its
 * constants stay in registers. */
static void spread_patches(const eq_conv2d_s8_t *p, const int8_t *input, int32_t first, int32_t end, uint32_t *spread,
                           int8_t *patch) {
  const int32_t in_c = p->in_c, patch_bytes = p->kernel_h * p->kernel_w * in_c;
  const int32_t aligned = (((uintptr_t)input | (uintptr_t)in_c) & 3u) == 0;
  const int32_t slides = aligned && p->kernel_w > 1 && p->stride_w == 1 && p->dilation_w == 1;
  int32_t oy = first / p->out_w, ox = first % p->out_w;
  const int32_t pixels = end - first < EQ_RV32IM_PIXELS ? end - first : EQ_RV32IM_PIXELS;
  for (int32_t i = 0; i < pixels; i++) {
    uint32_t *const target = spread + 2 * i;
    if (slides && i > 0 && ox > 0) {
      spread_next(p, input, oy * p->stride_h - p->pad_top, ox - p->pad_left, target);
    } else if (aligned) {
      (void)eq_gather_patch(p, input, first + i, (int8_t *)target, spread_run, spread_fill);
    } else {
      (void)eq_gather_patch(p, input, first + i, patch, eq_copy_bytes, eq_fill_run);
      (void)eq_spread_run(target, patch, (patch_bytes + 3) & ~3);
    }
    ox++;
    if (ox == p->out_w) {
      ox = 0;
      oy++;
    }
  }
}

/* Where a block's outputs go. */
typedef struct {
  int8_t *y; /* first pixel, first channel of the pair; the second follows */
  int32_t step;
  int32_t channel, second; /* the pair: the second is the first again when out_c is odd */
} place_t;

static EQ_INLINE eq_sextet_t six_of(int32_t bias) {
  const uint32_t b = (uint32_t)bias;
  return (eq_sextet_t){b, b, b, b, b, b};
}

/* Two output channels of one block. */
static EQ_INLINE const uint32_t *channel_pair(const eq_conv2d_s8_t *p, const uint32_t *stream, const uint32_t *spread,
                                              place_t place, eq_requant_form_t form) {
  eq_sextet_t a = six_of(p->bias[place.channel]), b = six_of(p->bias[place.second]);
  EQ_FORGET(place);
  stream = eq_sextet_products(&a, &b, stream, spread);
  const eq_output_t out = eq_output_of(&p->requant, form);
  const eq_scale_t scale = eq_scale_of(&p->requant, place.channel, form);
  const eq_scale_t second = eq_scale_of(&p->requant, place.second, form);
  int8_t *y = place.y;
  y[0] = eq_requantize_rv32im(a.p0, scale, out, form);
  y[1] = eq_requantize_rv32im(b.p0, second, out, form);
  y += place.step;
  y[0] = eq_requantize_rv32im(a.p1, scale, out, form);
  y[1] = eq_requantize_rv32im(b.p1, second, out, form);
  y += place.step;
  y[0] = eq_requantize_rv32im(a.p2, scale, out, form);
  y[1] = eq_requantize_rv32im(b.p2, second, out, form);
  y += place.step;
  y[0] = eq_requantize_rv32im(a.p3, scale, out, form);
  y[1] = eq_requantize_rv32im(b.p3, second, out, form);
  y += place.step;
  y[0] = eq_requantize_rv32im(a.p4, scale, out, form);
  y[1] = eq_requantize_rv32im(b.p4, second, out, form);
  y += place.step;
  y[0] = eq_requantize_rv32im(a.p5, scale, out, form);
  y[1] = eq_requantize_rv32im(b.p5, second, out, form);
  return stream;
}

/* Copies what is valid of a block's outputs: `pixels` pixels of `channels` channels (1 or 2). */
static void unstage(const int8_t *stage, int8_t *output, int32_t pixels, int32_t channels, int32_t out_c) {
  for (; pixels > 0; pixels--) {
    output[0] = stage[0];
    if (channels == 2) {
      output[1] = stage[1];
    }
    stage += 2;
    output += out_c;
  }
}

static EQ_INLINE void conv2d(const eq_conv2d_s8_t *p, const int8_t *input, int8_t *output, void *scratch,
                             eq_range_t range, eq_requant_form_t form) {
  const int32_t out_c = p->out_c;
  uint32_t *const spread = scratch;
  int8_t *const patch = (int8_t *)(spread + EQ_RV32IM_QUAD * ((p->kernel_h * p->kernel_w * p->in_c + 3) / 4));
  int8_t stage[2 * EQ_RV32IM_PIXELS];
  for (int32_t pixel = range.begin; pixel < range.end; pixel += EQ_RV32IM_PIXELS) {
    const int32_t left = range.end - pixel;
    const int32_t pixels = left < EQ_RV32IM_PIXELS ? left : EQ_RV32IM_PIXELS;
    const uint32_t *stream = p->weights;
    spread_patches(p, input, pixel, range.end, spread, patch);
    for (int32_t o = 0; o < out_c; o += 2) {
      const int32_t channels = o + 1 < out_c ? 2 : 1;
      const int32_t direct = channels == 2 && pixels == EQ_RV32IM_PIXELS;
      int8_t *const target = output + pixel * out_c + o;
      /* A block that is not whole goes through `stage`. */
      const place_t place = {direct ? target : stage, direct ? out_c : 2, o, o + channels - 1};
      stream = channel_pair(p, stream, spread, place, form);
      if (!direct) {
        unstage(stage, target, pixels, channels, out_c);
      }
    }
  }
}

EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_high_rv32im) {
  conv2d(p, input, output, scratch, range, EQ_REQUANT_HIGH);
}

EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_shift_rv32im) {
  conv2d(p, input, output, scratch, range, EQ_REQUANT_SHIFT);
}

EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_tflite_rv32im) {
  conv2d(p, input, output, scratch, range, EQ_REQUANT_TFLITE);
}

EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_line_rv32im) {
  conv2d(p, input, output, scratch, range, EQ_REQUANT_LINE);
}

EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_step_rv32im) {
  conv2d(p, input, output, scratch, range, EQ_REQUANT_STEP);
}
