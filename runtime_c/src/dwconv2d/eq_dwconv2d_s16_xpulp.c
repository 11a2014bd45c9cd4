/* dwconv2d, int16 activations, Xpulp / CORE-V, 32-bit sums: any geometry. The header states the contract.
 *
 * Two taps of a channel are a pair: neighbouring channels of two taps are words, whose halves are exchanged
 * (cv.pack). */
#include "eq_memory.h"
#include "eq_patch_s16.h"
#include "eq_xpulp_block_s16.h"

enum { CHANNELS = 4 };

/* Channels c and c + 1 of a tap, or c alone. */
static EQ_INLINE uint32_t two(const int16_t *x, int32_t both) {
  return both ? eq_xpulp_load((const int8_t *)x) : (uint32_t)(uint16_t)x[0];
}

/* `lanes` (1 to 4) channels from c on over all pairs of taps. Returns the weights behind. */
static EQ_INLINE const int8_t *channels_of(const eq_conv2d_packed_s16_t *p, const int16_t *const *taps,
                                           const int16_t *const *taps_end, const int8_t *w, int32_t c, int32_t lanes,
                                           eq_xpulp_bounds_s16_t bounds, int16_t *y, int32_t aligned) {
  eq_xpulp_sums_t s = {p->bias[c], p->bias[c + 1], p->bias[c + 2], p->bias[c + 3]};
  for (; taps != taps_end; taps += 2) {
    const int16_t *const x0 = taps[0] + c, *const x1 = taps[1] + c;
    const uint32_t a = two(x0, lanes > 1), b = two(x1, lanes > 1);
    s.c0 = eq_xcv_sdotsp_h(s.c0, eq_xcv_pack_lo_h(b, a), eq_xpulp_load(w));
    s.c1 = eq_xcv_sdotsp_h(s.c1, eq_xcv_pack_hi_h(b, a), eq_xpulp_load(w + 4));
    if (lanes > 2) {
      const uint32_t d = two(x0 + 2, lanes > 3), e = two(x1 + 2, lanes > 3);
      s.c2 = eq_xcv_sdotsp_h(s.c2, eq_xcv_pack_lo_h(e, d), eq_xpulp_load(w + 8));
      s.c3 = eq_xcv_sdotsp_h(s.c3, eq_xcv_pack_hi_h(e, d), eq_xpulp_load(w + 12));
    }
    w += 16;
  }
  eq_xpulp_put_s16(s, eq_xpulp_scale_of_s16(&p->requant, c), bounds, y + c, lanes, aligned);
  return w;
}

EQ_CONV2D_PACKED_S16_PROTOTYPE(eq_dwconv2d_s16_xpulp) {
  const eq_conv2d_packed_s16_t q = *p; /* what is loaded through a pointer would be loaded again after every store */
  const eq_xpulp_bounds_s16_t bounds = eq_xpulp_bounds_s16(&q.requant);
  const int32_t channels = p->out_c, tap_count = p->kernel_h * p->kernel_w;
  int16_t *const zeros = scratch;
  const int16_t **const taps = (const int16_t **)(void *)(zeros + ((channels + 7) & ~7));
  const int16_t **const taps_end = taps + (tap_count + 1) / 2 * 2;
  memset(zeros, 0, (size_t)channels * sizeof *zeros);
  taps_end[-1] = zeros;
  for (int32_t pixel = range.begin; pixel < range.end; pixel++) {
    int16_t *const y = output + pixel * channels;
    const int32_t aligned = ((uintptr_t)y & 3u) == 0u;
    const int8_t *w = q.weights;
    eq_find_taps_s16(&q, input, pixel, zeros, taps);
    int32_t c = 0;
    for (; c + CHANNELS <= channels; c += CHANNELS) {
      w = channels_of(&q, (const int16_t *const *)taps, (const int16_t *const *)taps_end, w, c, CHANNELS, bounds, y,
                      aligned);
    }
    if (c < channels) {
      (void)channels_of(&q, (const int16_t *const *)taps, (const int16_t *const *)taps_end, w, c, channels - c, bounds,
                        y, 0);
    }
  }
}
