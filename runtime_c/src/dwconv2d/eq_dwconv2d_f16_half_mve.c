/* dwconv2d, FP16 storage and partial sums, Armv8.1-M MVE. The header states the contract.
 *
 * Eight channels at a time: up to nine taps are summed by VFMA.F16, widened, and added to float32 sums, multiplied by
 * what the weights were divided by so that no partial sum overflows (edgeq/ops/half_sums.py). */
#include "eq_dwconv2d_float.h"
#include "eq_element_f16.h"
#include "eq_memory.h"
#include "eq_mve_float.h"

#define EQ_PATCH_RECORD eq_dwconv2d_f16_t
#include "eq_patch_s16.h"

enum { TAPS = 9 };

static EQ_INLINE float16x8_t load(const void *x, int32_t channels) {
  return vreinterpretq_f16_u16(channels >= EQ_MVE_FLOAT_LANES
                                   ? vldrhq_u16(x)
                                   : vldrhq_z_u16(x, vctp16q(eq_mve_lanes(channels, 0))));
}

/* The channels from c on, eight of them or `channels`, over all taps. */
static EQ_INLINE void channels_of(const eq_dwconv2d_f16_t *p, const int16_t *const *taps, const eq_f16_t *w, int32_t c,
                                  int32_t channels, eq_f16_t *y) {
  eq_mve_float8_t sum = eq_mve_bias_f16(p->bias + c);
  for (int32_t left = p->kernel_h * p->kernel_w; left > 0; left -= TAPS) {
    float16x8_t part = vreinterpretq_f16_u16(vdupq_n_u16(0));
    for (int32_t i = left < TAPS ? left : TAPS; i > 0; i--) {
      part = vfmaq_f16(part, load(*taps++ + c, channels), load(w, EQ_MVE_FLOAT_LANES));
      w += EQ_MVE_FLOAT_LANES;
    }
    const eq_mve_float8_t wide = eq_mve_widen(vreinterpretq_u16_f16(part));
    sum = (eq_mve_float8_t){vfmaq_n_f32(sum.a, wide.a, p->weight_scale), vfmaq_n_f32(sum.b, wide.b, p->weight_scale)};
  }
  eq_mve_store_f16(y + c, eq_mve_clamp_float(sum, p->act_min, p->act_max), channels);
}

EQ_CONV2D_F16_PROTOTYPE(eq_dwconv2d_f16_half_mve) {
  const eq_dwconv2d_f16_t q = *p; /* what is loaded through a pointer would be loaded again after every store */
  const int32_t channels = q.out_c, tap_count = q.kernel_h * q.kernel_w;
  int16_t *const zeros = scratch;
  const int16_t **const taps = (const int16_t **)(void *)(zeros + ((channels + 7) & ~7));
  memset(zeros, 0, (size_t)channels * sizeof *zeros);
  for (int32_t pixel = range.begin; pixel < range.end; pixel++) {
    eq_f16_t *const y = output + pixel * channels;
    const eq_f16_t *w = q.weights;
    eq_find_taps_s16(&q, (const int16_t *)input, pixel, zeros, taps);
    int32_t c = 0;
    for (; c + EQ_MVE_FLOAT_LANES <= channels; c += EQ_MVE_FLOAT_LANES) {
      channels_of(&q, (const int16_t *const *)taps, w, c, EQ_MVE_FLOAT_LANES, y);
      w += tap_count * EQ_MVE_FLOAT_LANES;
    }
    if (c < channels) {
      channels_of(&q, (const int16_t *const *)taps, w, c, channels - c, y);
    }
  }
}
