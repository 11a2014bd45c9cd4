/* Bytes of packed weights and scratch for each ISA, as the op headers state them. */
#ifndef SCRATCH_H
#define SCRATCH_H

#include "eq_conv2d.h"
#include "eq_linear.h"
#include "pack.h"

static int32_t filter_bytes(const eq_conv2d_s8_t *p) { return p->kernel_h * p->kernel_w * p->in_c; }

static int32_t packed_conv2d_scalar(int32_t out_c, int32_t k) { return out_c * k; }
static int32_t packed_dwconv2d_scalar(int32_t channels, int32_t taps) { return channels * taps; }
#define packed_linear_scalar packed_conv2d_scalar
#define pack_linear_scalar pack_conv2d_scalar
static int32_t scratch_none(const eq_conv2d_s8_t *p) {
  (void)p;
  return 0;
}
static int32_t scratch_conv2d_scalar(const eq_conv2d_s8_t *p) { return 2 * filter_bytes(p); }
#define scratch_conv2d_pointwise_scalar scratch_none
#define scratch_dwconv2d_scalar scratch_none
static int32_t scratch_linear_none(const eq_linear_s8_t *p) {
  (void)p;
  return 0;
}
#define scratch_linear_scalar scratch_linear_none

static int32_t packed_conv2d_dsp(int32_t out_c, int32_t k) { return round_up(out_c, 2) * round_up(k, 4); }
static int32_t packed_linear_dsp(int32_t out_c, int32_t k) { return round_up(out_c, 4) * round_up(k, 4); }
static int32_t packed_dwconv2d_dsp(int32_t channels, int32_t taps) {
  return round_up(channels, 4) * round_up(taps, 2) * 2;
}
static int32_t scratch_conv2d_pointwise_dsp(const eq_conv2d_s8_t *p) { return 8 * round_up(filter_bytes(p), 4); }
static int32_t scratch_conv2d_dsp(const eq_conv2d_s8_t *p) {
  const int32_t k = round_up(filter_bytes(p), 4);
  return p->in_c % 4 == 0 ? 8 * k : 9 * k;
}
static int32_t scratch_linear_dsp(const eq_linear_s8_t *p) { return 2 * round_up(p->in_features, 4); }
static int32_t scratch_dwconv2d_dsp(const eq_conv2d_s8_t *p) {
  return 4 * round_up(p->kernel_h * p->kernel_w, 2) + round_up(p->in_c, 4);
}

static int32_t packed_dwconv2d_k3x3_dsp(int32_t channels, int32_t taps) {
  (void)taps;
  return 20 * channels;
}
static int32_t scratch_dwconv2d_k3x3_dsp(const eq_conv2d_s8_t *p) {
  const int32_t outputs = p->out_h < 32 ? p->out_h : 32;
  return 8 + 32 * ((outputs - 1) * p->stride_h + 3);
}

static int32_t packed_conv2d_mve(int32_t out_c, int32_t k) { return round_up(out_c, 4) * round_up(k, 16); }
#define packed_linear_mve packed_conv2d_mve
#define pack_linear_mve pack_conv2d_mve
static int32_t packed_dwconv2d_mve(int32_t channels, int32_t taps) { return round_up(channels, 16) * taps; }
static int32_t scratch_conv2d_mve(const eq_conv2d_s8_t *p) { return 2 * round_up(filter_bytes(p), 16); }
static int32_t scratch_conv2d_pointwise_mve(const eq_conv2d_s8_t *p) {
  return p->in_c % 16 == 0 ? 0 : 2 * round_up(p->in_c, 16);
}
static int32_t scratch_linear_mve(const eq_linear_s8_t *p) {
  return p->in_features % 16 == 0 ? 0 : 2 * round_up(p->in_features, 16);
}
static int32_t scratch_dwconv2d_mve(const eq_conv2d_s8_t *p) {
  return 4 * p->kernel_h * p->kernel_w + p->in_c;
}

#endif
