/* conv2d, FP16 storage, Xpulp with smallfloat: a block of pixels. Input gradients are made of them as well. */
#ifndef EQ_XPULP_CONV2D_F16_H
#define EQ_XPULP_CONV2D_F16_H

#include "eq_conv2d_float.h"
#include "eq_xpulp_f16.h"

#define EQ_PATCH_RECORD eq_conv2d_f16_t
#include "eq_patch_s16.h"

static EQ_INLINE void eq_xpulp_put_f16(int16_t *x, int32_t at, const int16_t *source, int32_t count) {
  eq_spread_pairs((uint16_t *)x, at, (const uint16_t *)source, count);
}

/* Up to EQ_XPULP_F16_PIXELS pixels; y is channel 0 of the first one, `pitch` elements before the next. */
static EQ_INLINE void eq_xpulp_conv2d_block(const eq_conv2d_f16_t *p, const eq_f16_t *input, int32_t pixel, int32_t pixels,
                                            eq_f16_t *y, int32_t pitch, void *scratch) {
  const int32_t count = p->kernel_h * p->kernel_w * p->in_c, whole = eq_xpulp_whole_f16(count);
  const eq_range_t channels = {0, p->out_c};
  eq_f16_t *const x = scratch;
  for (int32_t i = 0; i < pixels; i++) {
    int16_t *const place = (int16_t *)(x + 2 * i);
    eq_gather_s16(p, (const int16_t *)input, pixel + i, place, eq_xpulp_put_f16);
    eq_xpulp_put_f16(place, count, NULL, whole - count);
  }
  eq_xpulp_product_f16(x, pixels, whole, p->weights, p->bias, y, pitch, channels, p->act_min, p->act_max);
}

#endif
