/* Bytes of packed weights and of scratch for each ISA, as the op headers state them. */
#ifndef SCRATCH_H
#define SCRATCH_H

#include "eq_conv2d.h"
#include "eq_linear.h"
#include "pack.h"

static int32_t patch_bytes(const eq_conv2d_s8_t *p) { return p->kernel_h * p->kernel_w * p->in_c; }
static int32_t tap_count(const eq_conv2d_s8_t *p) { return p->kernel_h * p->kernel_w; }
static int32_t at_most(int32_t value, int32_t limit) { return value < limit ? value : limit; }

static int32_t packed_conv2d_scalar(filter_t f) { return f.out_c * filter_k(f); }
static int32_t packed_linear_scalar(filter_t f) { return f.out_c * filter_k(f); }
static int32_t packed_dwconv2d_scalar(filter_t f) { return f.out_c * filter_k(f); }
static int32_t scratch_conv2d_scalar(const eq_conv2d_s8_t *p) { return 2 * patch_bytes(p); }
static int32_t scratch_conv2d_pointwise_scalar(const eq_conv2d_s8_t *p) { return 0 * p->in_c; }
static int32_t scratch_dwconv2d_scalar(const eq_conv2d_s8_t *p) { return 0 * p->in_c; }
static int32_t scratch_linear_scalar(const eq_linear_s8_t *p) { return 0 * p->rows; }

static int32_t packed_conv2d_dsp(filter_t f) { return round_up(f.out_c, 2) * round_up(filter_k(f), 4); }
static int32_t packed_linear_dsp(filter_t f) { return round_up(f.out_c, 4) * round_up(filter_k(f), 4); }
static int32_t packed_dwconv2d_dsp(filter_t f) { return round_up(f.out_c, 4) * round_up(filter_k(f), 2) * 2; }
static int32_t packed_dwconv2d_k3x3_dsp(filter_t f) { return 20 * f.out_c; }
static int32_t scratch_conv2d_dsp(const eq_conv2d_s8_t *p) {
  return (p->in_c % 4 == 0 ? 8 : 9) * round_up(patch_bytes(p), 4);
}
static int32_t scratch_conv2d_pointwise_dsp(const eq_conv2d_s8_t *p) { return 8 * round_up(p->in_c, 4); }
static int32_t scratch_linear_dsp(const eq_linear_s8_t *p) { return 2 * round_up(p->in_features, 4); }
static int32_t scratch_dwconv2d_dsp(const eq_conv2d_s8_t *p) {
  return 4 * round_up(tap_count(p), 2) + round_up(p->in_c, 4);
}
static int32_t scratch_dwconv2d_k3x3_dsp(const eq_conv2d_s8_t *p) {
  return 8 + 32 * ((at_most(p->out_h, 32) - 1) * p->stride_h + 3);
}

static int32_t packed_conv2d_mve(filter_t f) { return round_up(f.out_c, 4) * round_up(filter_k(f), 16); }
static int32_t packed_linear_mve(filter_t f) { return round_up(f.out_c, 4) * round_up(filter_k(f), 16); }
static int32_t packed_dwconv2d_mve(filter_t f) { return round_up(f.out_c, 16) * filter_k(f); }
static int32_t packed_dwconv2d_k4x4_mve(filter_t f) { return 16 * f.out_c; }
static int32_t scratch_conv2d_mve(const eq_conv2d_s8_t *p) {
  const int32_t down = (p->kernel_h - 1) * p->dilation_h * p->in_w;
  const int32_t reach = (down + (p->kernel_w - 1) * p->dilation_w + 1) * p->in_c - 1;
  return (reach <= 255 ? 3 : 2) * round_up(patch_bytes(p), 16);
}
static int32_t scratch_conv2d_pointwise_mve(const eq_conv2d_s8_t *p) {
  const int32_t overwritten = p->in_c == p->out_c && p->in_c > 64;
  return p->in_c % 16 == 0 && !overwritten ? 0 : 2 * round_up(p->in_c, 16);
}
static int32_t scratch_linear_mve(const eq_linear_s8_t *p) {
  return p->in_features % 16 == 0 ? 0 : 2 * round_up(p->in_features, 16);
}
static int32_t scratch_dwconv2d_mve(const eq_conv2d_s8_t *p) { return 4 * tap_count(p) + p->in_c; }
static int32_t scratch_dwconv2d_k4x4_mve(const eq_conv2d_s8_t *p) {
  const int32_t segment = p->stride_h == 1 ? 32 : 16;
  return 16 + 64 * ((round_up(at_most(p->out_h, segment), 4) - 1) * p->stride_h + 3 * p->dilation_h + 1);
}

static int32_t packed_conv2d_rvv(filter_t f) { return f.out_c * filter_k(f); }
static int32_t packed_linear_rvv(filter_t f) { return f.out_c * filter_k(f); }
static int32_t packed_dwconv2d_rvv(filter_t f) { return f.out_c * filter_k(f); }
static int32_t scratch_conv2d_rvv(const eq_conv2d_s8_t *p) {
  const int32_t width = (at_most(p->out_w, 12) - 1) * p->stride_w + (p->kernel_w - 1) * p->dilation_w + 1;
  return p->kernel_h * width * p->in_c;
}
static int32_t scratch_conv2d_pointwise_rvv(const eq_conv2d_s8_t *p) { return p->in_c == p->out_c ? 3 * p->in_c : 0; }
static int32_t scratch_linear_rvv(const eq_linear_s8_t *p) { return 0 * p->rows; }
static int32_t scratch_dwconv2d_rvv(const eq_conv2d_s8_t *p) { return scratch_conv2d_rvv(p); }

static int32_t packed_conv2d_xpulp(filter_t f) { return round_up(f.out_c, 4) * round_up(filter_k(f), 4); }
static int32_t packed_linear_xpulp(filter_t f) { return round_up(f.out_c, 4) * round_up(filter_k(f), 4); }
static int32_t packed_dwconv2d_xpulp(filter_t f) { return round_up(f.out_c, 4) * round_up(filter_k(f), 4); }
static int32_t packed_dwconv2d_k4x4_xpulp(filter_t f) { return 16 * f.out_c; }
static int32_t scratch_conv2d_xpulp(const eq_conv2d_s8_t *p) { return 4 * round_up(patch_bytes(p), 4); }
static int32_t scratch_conv2d_pointwise_xpulp(const eq_conv2d_s8_t *p) {
  return p->in_c % 4 == 0 ? 0 : 4 * round_up(p->in_c, 4);
}
static int32_t packed_conv2d_kx3_xpulp(filter_t f) {
  return round_up(f.out_c, 4) * f.kernel_h * 3 * round_up(f.in_c, 4);
}
static int32_t scratch_conv2d_kx3_xpulp(const eq_conv2d_s8_t *p) { return 10 * p->kernel_h * round_up(p->in_c, 4); }
static int32_t scratch_linear_xpulp(const eq_linear_s8_t *p) {
  return p->in_features % 4 == 0 ? 0 : round_up(p->in_features, 4);
}
static int32_t scratch_dwconv2d_xpulp(const eq_conv2d_s8_t *p) { return 8 * round_up(tap_count(p), 4) + p->in_c; }
static int32_t scratch_dwconv2d_k4x4_xpulp(const eq_conv2d_s8_t *p) {
  return 16 + 16 * ((at_most(p->out_h, 32) - 1) * p->stride_h + 3 * p->dilation_h + 1);
}

#endif
