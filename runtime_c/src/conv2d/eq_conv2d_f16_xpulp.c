/* conv2d, FP16 storage, Xpulp with smallfloat. The header states the contract, eq_xpulp_f16.h the matrix product. */
#include "eq_conv2d_float.h"
#include "eq_xpulp_f16.h"

#define EQ_PATCH_RECORD eq_conv2d_f16_t
#include "eq_patch_s16.h"

static EQ_INLINE void put(int16_t *x, int32_t at, const int16_t *source, int32_t count) {
  eq_spread_pairs((uint16_t *)x, at, (const uint16_t *)source, count);
}

EQ_CONV2D_F16_PROTOTYPE(eq_conv2d_f16_xpulp) {
  const int32_t count = p->kernel_h * p->kernel_w * p->in_c, whole = eq_xpulp_whole_f16(count);
  const eq_range_t channels = {0, p->out_c};
  eq_f16_t *const x = scratch;
  for (int32_t pixel = range.begin; pixel < range.end; pixel += EQ_XPULP_F16_PIXELS) {
    const int32_t left = range.end - pixel;
    const int32_t pixels = left < EQ_XPULP_F16_PIXELS ? left : EQ_XPULP_F16_PIXELS;
    for (int32_t i = 0; i < pixels; i++) {
      int16_t *const place = (int16_t *)(x + 2 * i);
      eq_gather_s16(p, (const int16_t *)input, pixel + i, place, put);
      put(place, count, NULL, whole - count);
    }
    eq_xpulp_product_f16(x, pixels, whole, p->weights, p->bias, output + pixel * p->out_c, p->out_c, channels,
                         p->act_min, p->act_max);
  }
}
