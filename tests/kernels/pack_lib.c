/* pack.h and scratch.h as a shared library: test_kernels.py compares edgeq/packing with them. */
#include "scratch.h"

#define PACKING(name)                                                                                       \
  int32_t test_pack_##name(const int8_t *weights, const int32_t shape[4], int8_t *packed);                  \
  int32_t test_pack_##name(const int8_t *weights, const int32_t shape[4], int8_t *packed) {                 \
    const filter_t filter = {weights, shape[0], shape[1], shape[2], shape[3]};                              \
    pack_##name(filter, packed);                                                                            \
    return packed_##name(filter);                                                                           \
  }
#define SCRATCH(name)                                        \
  int32_t test_scratch_##name(const eq_conv2d_s8_t *p);      \
  int32_t test_scratch_##name(const eq_conv2d_s8_t *p) { return scratch_##name(p); }
#define SCRATCH_LINEAR(isa)                                  \
  int32_t test_scratch_linear_##isa(int32_t in_features);    \
  int32_t test_scratch_linear_##isa(int32_t in_features) {   \
    const eq_linear_s8_t p = {.rows = 1, .in_features = in_features, .out_features = 1}; \
    return scratch_linear_##isa(&p);                         \
  }

PACKING(conv2d_dsp)
PACKING(conv2d_mve)
PACKING(conv2d_rvv)
PACKING(conv2d_xpulp)
PACKING(conv2d_kx3_xpulp)
PACKING(linear_dsp)
PACKING(linear_mve)
PACKING(linear_rvv)
PACKING(linear_xpulp)
PACKING(dwconv2d_dsp)
PACKING(dwconv2d_mve)
PACKING(dwconv2d_rvv)
PACKING(dwconv2d_xpulp)
PACKING(dwconv2d_k3x3_dsp)
PACKING(dwconv2d_k4x4_mve)
PACKING(dwconv2d_k4x4_xpulp)
SCRATCH(conv2d_dsp)
SCRATCH(conv2d_mve)
SCRATCH(conv2d_rvv)
SCRATCH(conv2d_xpulp)
SCRATCH(conv2d_kx3_xpulp)
SCRATCH(conv2d_pointwise_dsp)
SCRATCH(conv2d_pointwise_mve)
SCRATCH(conv2d_pointwise_rvv)
SCRATCH(conv2d_pointwise_xpulp)
SCRATCH(dwconv2d_dsp)
SCRATCH(dwconv2d_mve)
SCRATCH(dwconv2d_rvv)
SCRATCH(dwconv2d_xpulp)
SCRATCH(dwconv2d_k3x3_dsp)
SCRATCH(dwconv2d_k4x4_mve)
SCRATCH(dwconv2d_k4x4_xpulp)
SCRATCH_LINEAR(dsp)
SCRATCH_LINEAR(mve)
SCRATCH_LINEAR(rvv)
SCRATCH_LINEAR(xpulp)
