/* Weight packing for the fuzz test, in C: the same bytes as edgeq/packing/<isa>.py (compared by test_kernels.py). */
#ifndef PACK_H
#define PACK_H

#include <stdint.h>

/* Weights in the order [out_c][kernel_h][kernel_w][in_c]; in_c is 1 for depthwise and linear has a 1x1 kernel. */
typedef struct {
  const int8_t *weights;
  int32_t out_c, kernel_h, kernel_w, in_c;
} filter_t;

static int32_t round_up(int32_t n, int32_t multiple) { return (n + multiple - 1) / multiple * multiple; }

/* Bytes of one output channel. */
static int32_t filter_k(filter_t f) { return f.kernel_h * f.kernel_w * f.in_c; }

/* Filter byte k of output channel o, zero outside. */
static int32_t filter_byte(filter_t f, int32_t o, int32_t k) {
  return o < f.out_c && k < filter_k(f) ? f.weights[o * filter_k(f) + k] : 0;
}

/* Blocks of `lanes` channels times `width` filter bytes: [out_c/lanes][K/width][lanes][width]. */
static void pack_blocks(filter_t f, int8_t *packed, int32_t lanes, int32_t width) {
  for (int32_t o = 0; o < f.out_c; o += lanes) {
    for (int32_t k = 0; k < filter_k(f); k += width) {
      for (int32_t i = 0; i < lanes * width; i++) {
        *packed++ = (int8_t)filter_byte(f, o + i / width, k + i % width);
      }
    }
  }
}

static int8_t *put_half(int8_t *packed, int32_t half) {
  packed[0] = (int8_t)(uint8_t)((uint32_t)half & 255u);
  packed[1] = (int8_t)(uint8_t)((uint32_t)half >> 8 & 255u);
  return packed + 2;
}

/* `lanes` (even) output channels in pairs, a quad of each pair in turn: [out_c/lanes][K/4][lanes/2][h0 h2 h1 h3]. */
static void pack_pairs(filter_t f, int8_t *packed, int32_t lanes) {
  static const int32_t order[4] = {0, 2, 1, 3};
  for (int32_t o = 0; o < f.out_c; o += lanes) {
    for (int32_t k = 0; k < filter_k(f); k += 4) {
      for (int32_t pair = o; pair < o + lanes; pair += 2) {
        for (int32_t i = 0; i < 4; i++) {
          const int32_t even = filter_byte(f, pair, k + order[i]), odd = filter_byte(f, pair + 1, k + order[i]);
          packed = put_half(packed, even + 256 * odd);
        }
      }
    }
  }
}

/* Channels (of depthwise weights) innermost: [channels/lanes][taps][lanes]. */
static void pack_taps(filter_t f, int8_t *packed, int32_t lanes) {
  for (int32_t c = 0; c < f.out_c; c += lanes) {
    for (int32_t t = 0; t < filter_k(f); t++) {
      for (int32_t i = 0; i < lanes; i++) {
        *packed++ = (int8_t)filter_byte(f, c + i, t);
      }
    }
  }
}

static void pack_conv2d_scalar(filter_t f, int8_t *packed) { pack_blocks(f, packed, 1, filter_k(f)); }
static void pack_linear_scalar(filter_t f, int8_t *packed) { pack_conv2d_scalar(f, packed); }
static void pack_dwconv2d_scalar(filter_t f, int8_t *packed) { pack_taps(f, packed, f.out_c); }

static void pack_conv2d_dsp(filter_t f, int8_t *packed) { pack_pairs(f, packed, 2); }
static void pack_linear_dsp(filter_t f, int8_t *packed) { pack_pairs(f, packed, 4); }

/* [channels/4][taps/2][4 channels][2 taps], halfwords; channels in the order 0 2 1 3. */
static void pack_dwconv2d_dsp(filter_t f, int8_t *packed) {
  static const int32_t order[4] = {0, 2, 1, 3};
  for (int32_t c = 0; c < f.out_c; c += 4) {
    for (int32_t t = 0; t < filter_k(f); t += 2) {
      for (int32_t i = 0; i < 4; i++) {
        packed = put_half(packed, filter_byte(f, c + order[i], t));
        packed = put_half(packed, filter_byte(f, c + order[i], t + 1));
      }
    }
  }
}

/* Ten halfwords a channel. */
static void pack_dwconv2d_k3x3_dsp(filter_t f, int8_t *packed) {
  static const int32_t order[10] = {0, 1, 3, 4, 6, 7, 2, 5, 8, 9};
  for (int32_t c = 0; c < f.out_c; c++) {
    for (int32_t i = 0; i < 10; i++) {
      packed = put_half(packed, filter_byte(f, c, order[i]));
    }
  }
}

static void pack_conv2d_mve(filter_t f, int8_t *packed) { pack_blocks(f, packed, 4, 16); }
static void pack_linear_mve(filter_t f, int8_t *packed) { pack_blocks(f, packed, 4, 16); }
static void pack_dwconv2d_mve(filter_t f, int8_t *packed) { pack_taps(f, packed, 16); }

/* [channels][4][4] */
static void pack_dwconv2d_k4x4_mve(filter_t f, int8_t *packed) {
  for (int32_t i = 0; i < f.out_c * 16; i++) {
    const int32_t ky = i / 4 % 4, kx = i % 4;
    const int32_t inside = ky < f.kernel_h && kx < f.kernel_w;
    packed[i] = (int8_t)(inside ? filter_byte(f, i / 16, ky * f.kernel_w + kx) : 0);
  }
}

/* [K][out_c] */
static void pack_conv2d_rvv(filter_t f, int8_t *packed) {
  for (int32_t i = 0; i < f.out_c * filter_k(f); i++) {
    packed[i] = (int8_t)filter_byte(f, i % f.out_c, i / f.out_c);
  }
}
static void pack_linear_rvv(filter_t f, int8_t *packed) { pack_conv2d_rvv(f, packed); }
static void pack_dwconv2d_rvv(filter_t f, int8_t *packed) { pack_conv2d_rvv(f, packed); }

static void pack_conv2d_xpulp(filter_t f, int8_t *packed) { pack_blocks(f, packed, 4, 4); }

/* Three kernel columns: [out_c/2][kernel_h][in_c/4][3 columns][2 output channels][4 input channels]. */
static void pack_conv2d_kx3_xpulp(filter_t f, int8_t *packed) {
  const int32_t quads = round_up(f.in_c, 4) / 4;
  for (int32_t i = 0; i < round_up(f.out_c, 4) * f.kernel_h * quads * 12; i++) {
    const int32_t c = i / 24 % quads * 4 + i % 4, o = i / 24 / quads / f.kernel_h * 2 + i / 4 % 2;
    const int32_t tap = i / 24 / quads % f.kernel_h * 3 + i / 8 % 3;
    packed[i] = (int8_t)(c < f.in_c ? filter_byte(f, o, tap * f.in_c + c) : 0);
  }
}

static void pack_linear_xpulp(filter_t f, int8_t *packed) { pack_blocks(f, packed, 4, 4); }
static void pack_dwconv2d_xpulp(filter_t f, int8_t *packed) { pack_blocks(f, packed, 4, 4); }

static void pack_dwconv2d_k4x4_xpulp(filter_t f, int8_t *packed) { pack_dwconv2d_k4x4_mve(f, packed); }

#endif
