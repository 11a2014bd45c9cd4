/* dwconv2d_igrad, FP16 storage, Xpulp with smallfloat, an even number of channels. The header states the contract. */
#include "eq_dwconv2d_igrad.h"
#include "eq_xpulp_dwconv2d_f16.h"
#include "eq_float_conv2d_igrad.h"

EQ_CONV2D_IGRAD_F16_PROTOTYPE(eq_dwconv2d_igrad_f16_xpulp) {
  const int32_t most = (p->in_h + p->stride_h - 1) / p->stride_h, channels = p->in_c;
  const int32_t pitch = p->stride_w * channels, line = p->stride_h * p->in_w * channels;
  float *const zeros = scratch;
  eq_dwconv2d_f16_t layer = eq_igrad_layer(p, zeros, channels);
  for (int32_t phase = 0; phase < p->stride_h * p->stride_w; phase++) {
    const eq_phase_t down = eq_phase_down(p, phase / p->stride_w), across = eq_phase_across(p, phase % p->stride_w);
    eq_igrad_set_phase(&layer, &down, &across);
    for (int32_t unit = range.begin, rows; unit < range.end; unit += rows) {
      const int32_t pair = unit / most, first = unit - pair * most, left = range.end - unit;
      rows = left < most - first ? left : most - first;
      const int32_t inside = first + rows < down.count ? rows : down.count - first;
      eq_f16_t *const to = dx + (down.first * p->in_w + across.first) * channels + first * line;
      if (inside > 0 && across.count > 0) {
        eq_xpulp_dwconv2d_rows(&layer, dy, 2 * pair, first, inside, to, pitch, line, zeros + channels);
      }
    }
    layer.weights += down.taps * across.taps * channels;
  }
}
