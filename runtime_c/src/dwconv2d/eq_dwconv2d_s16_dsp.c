/* dwconv2d, int16 activations, Armv7E-M DSP, 32-bit sums: any geometry. The header states the contract.
 *
 * Two taps of a channel are a pair: neighbouring channels of two taps are words, whose halves are exchanged (PKHBT,
 * PKHTB). */
#include "eq_dsp_product_s16.h"
#include "eq_memory.h"
#include "eq_patch_s16.h"

enum { CHANNELS = 4 };

/* Channels c and c + 1 of a tap, or c alone. */
static EQ_INLINE uint32_t two(const int16_t *x, int32_t both) {
  return both ? eq_dsp_load((const int8_t *)x) : (uint32_t)(uint16_t)x[0];
}

/* `lanes` (1 to 4) channels from c on over all pairs of taps. Returns the weights behind. */
static EQ_INLINE const uint32_t *channels_of(const eq_conv2d_packed_s16_t *p, const int16_t *const *taps,
                                             const int16_t *const *taps_end, const uint32_t *w, int32_t c,
                                             int32_t lanes, eq_dsp_bounds_s16_t bounds, int16_t *y) {
  int32_t s0 = p->bias[c], s1 = p->bias[c + 1], s2 = p->bias[c + 2], s3 = p->bias[c + 3];
  for (; taps != taps_end; taps += 2) {
    const int16_t *const x0 = taps[0] + c, *const x1 = taps[1] + c;
    const uint32_t a = two(x0, lanes > 1), b = two(x1, lanes > 1);
    uint32_t even, odd;
    EQ_DSP_NEXT2(w, even, odd);
    s0 = eq_dsp_smlad(eq_dsp_pack_bottoms(a, b), even, s0);
    s1 = eq_dsp_smlad(eq_dsp_pack_tops(a, b), odd, s1);
    EQ_DSP_NEXT2(w, even, odd);
    if (lanes > 2) {
      const uint32_t d = two(x0 + 2, lanes > 3), e = two(x1 + 2, lanes > 3);
      s2 = eq_dsp_smlad(eq_dsp_pack_bottoms(d, e), even, s2);
      s3 = eq_dsp_smlad(eq_dsp_pack_tops(d, e), odd, s3);
    }
  }
  eq_dsp_put_s16(s0, s1, eq_dsp_scale_of_s16(&p->requant, c), eq_dsp_scale_of_s16(&p->requant, c + 1), bounds, y + c,
                 lanes > 1);
  if (lanes > 2) {
    eq_dsp_put_s16(s2, s3, eq_dsp_scale_of_s16(&p->requant, c + 2), eq_dsp_scale_of_s16(&p->requant, c + 3), bounds,
                   y + c + 2, lanes > 3);
  }
  return w;
}

EQ_CONV2D_PACKED_S16_PROTOTYPE(eq_dwconv2d_s16_dsp) {
  const eq_conv2d_packed_s16_t q = *p; /* what is loaded through a pointer would be loaded again after every store */
  const eq_dsp_bounds_s16_t bounds = eq_dsp_bounds_s16(&q.requant);
  const int32_t channels = p->out_c, tap_count = p->kernel_h * p->kernel_w;
  int16_t *const zeros = scratch;
  const int16_t **const taps = (const int16_t **)(void *)(zeros + ((channels + 7) & ~7));
  const int16_t **const taps_end = taps + (tap_count + 1) / 2 * 2;
  memset(zeros, 0, (size_t)channels * sizeof *zeros);
  taps_end[-1] = zeros;
  for (int32_t pixel = range.begin; pixel < range.end; pixel++) {
    int16_t *const y = output + pixel * channels;
    const uint32_t *w = (const uint32_t *)(const void *)q.weights;
    eq_find_taps_s16(&q, input, pixel, zeros, taps);
    int32_t c = 0;
    for (; c + CHANNELS <= channels; c += CHANNELS) {
      w = channels_of(&q, (const int16_t *const *)taps, (const int16_t *const *)taps_end, w, c, CHANNELS, bounds, y);
    }
    if (c < channels) {
      (void)channels_of(&q, (const int16_t *const *)taps, (const int16_t *const *)taps_end, w, c, channels - c, bounds,
                        y);
    }
  }
}
