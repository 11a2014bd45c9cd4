/* conv2d, int8, plain RV32IM (no SIMD). The header states the contract, eq_rv32im_block.h how products are paired.
 *
 * The patches of six pixels are spread once and used by every pair of output channels. */
#include "eq_memory.h"
#include "eq_patch.h"
#include "eq_run.h"
#include "eq_rv32im_block.h"
#include "eq_rv32im_requant.h"
#include "eq_rv32im_spread.h"

/* Spreads the patches of pixels first .. first+5; those from `end` on are copies of the one before it. A function of its
 * own, so that its constants stay in registers. */
static void spread_patches(const eq_conv2d_s8_t *p, const int8_t *input, int32_t first, int32_t end, uint32_t *spread,
                           int8_t *patch) {
  const int32_t in_c = p->in_c, patch_bytes = p->kernel_h * p->kernel_w * in_c;
  const int32_t aligned = (((uintptr_t)input | (uintptr_t)in_c) & 3u) == 0;
  for (int32_t i = 0; i < EQ_RV32IM_PIXELS; i++) {
    const int32_t pixel = first + i < end ? first + i : end - 1;
    int8_t *const target = (int8_t *)(spread + 2 * i);
    if (aligned) {
      (void)eq_gather_patch(p, input, pixel, target, eq_spread_run, eq_spread_fill);
    } else {
      (void)eq_gather_patch(p, input, pixel, patch, eq_copy_bytes, eq_fill_run);
      (void)eq_spread_run(target, patch, (patch_bytes + 3) & ~3);
    }
  }
}

/* One output channel of a block; y is its first pixel. */
static EQ_INLINE void store(const eq_requant_t *q, eq_sextet_t acc, int32_t channel, int8_t *y, int32_t step,
                            eq_requant_form_t form) {
  const eq_output_t out = eq_output_of(q, form);
  const eq_scale_t scale = eq_scale_of(q, channel, form);
  *y = eq_requantize_rv32im(acc.p0, scale, out, form);
  y += step;
  *y = eq_requantize_rv32im(acc.p1, scale, out, form);
  y += step;
  *y = eq_requantize_rv32im(acc.p2, scale, out, form);
  y += step;
  *y = eq_requantize_rv32im(acc.p3, scale, out, form);
  y += step;
  *y = eq_requantize_rv32im(acc.p4, scale, out, form);
  y += step;
  *y = eq_requantize_rv32im(acc.p5, scale, out, form);
}

static EQ_INLINE eq_sextet_t six_of(int32_t bias) {
  const uint32_t b = (uint32_t)bias;
  return (eq_sextet_t){b, b, b, b, b, b};
}

static EQ_INLINE void conv2d(const eq_conv2d_s8_t *p, const int8_t *input, int8_t *output, void *scratch,
                             eq_range_t range, eq_requant_form_t form) {
  const int32_t out_c = p->out_c;
  const int32_t quads = (p->kernel_h * p->kernel_w * p->in_c + 3) / 4;
  uint32_t *const spread = scratch;
  int8_t *const patch = (int8_t *)(spread + EQ_RV32IM_QUAD * quads);
  for (int32_t pixel = range.begin; pixel < range.end; pixel += EQ_RV32IM_PIXELS) {
    const int32_t whole = pixel + EQ_RV32IM_PIXELS <= range.end;
    const uint32_t *stream = p->weights;
    spread_patches(p, input, pixel, range.end, spread, patch);
    for (int32_t o = 0; o < out_c; o += 2) {
      const int32_t both = o + 1 < out_c;
      eq_sextet_t a = six_of(p->bias[o]), b = six_of(p->bias[o + both]);
      stream = eq_sextet_products(&a, &b, stream, spread);
      int8_t stage[2 * EQ_RV32IM_PIXELS];
      int8_t *const target = output + pixel * out_c + o;
      /* The last block may be short: it goes through `stage`. */
      int8_t *const y = whole ? target : stage;
      const int32_t step = whole ? out_c : 2;
      store(&p->requant, a, o, y, step, form);
      if (both) {
        store(&p->requant, b, o + 1, y + 1, step, form);
      }
      for (int32_t i = pixel; !whole && i < range.end; i++) {
        memcpy(target + (i - pixel) * out_c, stage + 2 * (i - pixel), (size_t)(1 + both));
      }
    }
  }
}

EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_high_rv32im) { conv2d(p, input, output, scratch, range, EQ_REQUANT_HIGH); }

EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_shift_rv32im) { conv2d(p, input, output, scratch, range, EQ_REQUANT_SHIFT); }

EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_tflite_rv32im) { conv2d(p, input, output, scratch, range, EQ_REQUANT_TFLITE); }
