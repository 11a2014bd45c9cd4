/* dwconv2d, int16 activations, Armv8.1-M MVE, 32-bit sums: any geometry. The header states the contract.
 *
 * Eight channels of a pixel at a time. VMULLB and VMULLT make 32-bit products of the even and the odd ones; narrowing
 * to the bottom and the top halves of a vector puts them back in order. */
#include "eq_memory.h"
#include "eq_mve_product_s16.h"
#include "eq_patch_s16.h"

enum { CHANNELS = 8 };

/* Channels c .. c+7, `lanes` of them, over all taps. */
static EQ_INLINE void channels_of(const eq_conv2d_packed_s16_t *p, const int16_t *const *taps, const int8_t *w,
                                  int32_t c, mve_pred16_t lanes, int16_t *y) {
  const int32x4x2_t bias = vld2q_s32(p->bias + c);
  int32x4_t even = bias.val[0], odd = bias.val[1];
  for (int32_t left = p->kernel_h * p->kernel_w; left > 0; left--) {
    const int16x8_t x = vldrhq_z_s16(*taps++ + c, lanes), weights = vldrbq_s16(w);
    even = vaddq_s32(even, vmullbq_int_s16(x, weights));
    odd = vaddq_s32(odd, vmulltq_int_s16(x, weights));
    w += CHANNELS;
  }
  const int32x4x2_t m = vld2q_s32(p->requant.multiplier + c);
  const int16x8_t right = vnegq_s16(vldrbq_s16(p->requant.shift + c));
  const int32x4_t v0 = eq_mve_scale_s16(even, m.val[0], vmovlbq_s16(right));
  const int32x4_t v1 = eq_mve_scale_s16(odd, m.val[1], vmovltq_s16(right));
  const int16x8_t v = vqmovntq_s32(eq_mve_narrow(v0), v1);
  const int16x8_t low = vdupq_n_s16((int16_t)p->requant.act_min), high = vdupq_n_s16((int16_t)p->requant.act_max);
  vstrhq_p_s16(y + c, vminq_s16(vmaxq_s16(v, low), high), lanes);
}

EQ_CONV2D_PACKED_S16_PROTOTYPE(eq_dwconv2d_s16_mve) {
  const eq_conv2d_packed_s16_t q = *p; /* what is loaded through a pointer would be loaded again after every store */
  const int32_t channels = p->out_c, tap_count = p->kernel_h * p->kernel_w;
  int16_t *const zeros = scratch;
  const int16_t **const taps = (const int16_t **)(void *)(zeros + ((channels + 7) & ~7));
  memset(zeros, 0, (size_t)channels * sizeof *zeros);
  for (int32_t pixel = range.begin; pixel < range.end; pixel++) {
    const int8_t *w = q.weights;
    eq_find_taps_s16(&q, input, pixel, zeros, taps);
    for (int32_t c = 0; c < channels; c += CHANNELS) {
      channels_of(&q, taps, w, c, vctp16q((uint32_t)(channels - c)), output + pixel * channels);
      w += tap_count * CHANNELS;
    }
  }
}
