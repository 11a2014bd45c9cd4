/* Weight packing for the fuzz test, in C: the same bytes as edgeq/packing/<isa>.py (compared by test_kernels.py). */
#ifndef PACK_H
#define PACK_H

#include <stdint.h>

static int32_t round_up(int32_t n, int32_t multiple) { return (n + multiple - 1) / multiple * multiple; }

/* Filter byte k of output channel o, zero outside. */
static int32_t filter_byte(const int8_t *weights, int32_t out_c, int32_t k_count, int32_t o, int32_t k) {
  return o < out_c && k < k_count ? weights[o * k_count + k] : 0;
}

/* As the header states: [out_c][K]. */
static void pack_conv2d_scalar(const int8_t *weights, int32_t out_c, int32_t k_count, int8_t *packed) {
  for (int32_t i = 0; i < out_c * k_count; i++) {
    packed[i] = weights[i];
  }
}

/* Blocks of `lanes` channels times `width` filter bytes: [out_c/lanes][K/width][lanes][width]. */
static void pack_conv2d_blocks(const int8_t *weights, int32_t out_c, int32_t k_count, int8_t *packed, int32_t lanes,
                               int32_t width) {
  for (int32_t o = 0; o < out_c; o += lanes) {
    for (int32_t k = 0; k < k_count; k += width) {
      for (int32_t lane = 0; lane < lanes; lane++) {
        for (int32_t i = 0; i < width; i++) {
          *packed++ = (int8_t)filter_byte(weights, out_c, k_count, o + lane, k + i);
        }
      }
    }
  }
}

static void pack_conv2d_mve(const int8_t *weights, int32_t out_c, int32_t k_count, int8_t *packed) {
  pack_conv2d_blocks(weights, out_c, k_count, packed, 4, 16);
}

static void pack_conv2d_xpulp(const int8_t *weights, int32_t out_c, int32_t k_count, int8_t *packed) {
  pack_conv2d_blocks(weights, out_c, k_count, packed, 4, 4);
}

static int8_t *put_half(int8_t *packed, int32_t half) {
  packed[0] = (int8_t)(uint8_t)((uint32_t)half & 255u);
  packed[1] = (int8_t)(uint8_t)((uint32_t)half >> 8 & 255u);
  return packed + 2;
}

/* `lanes` (even) output channels in pairs, a quad of each pair in turn: [out_c/lanes][K/4][lanes/2][h0 h2 h1 h3]. */
static void pack_pairs_dsp(const int8_t *weights, int32_t out_c, int32_t k_count, int8_t *packed, int32_t lanes) {
  static const int32_t order[4] = {0, 2, 1, 3};
  for (int32_t o = 0; o < out_c; o += lanes) {
    for (int32_t k = 0; k < k_count; k += 4) {
      for (int32_t pair = o; pair < o + lanes; pair += 2) {
        for (int32_t i = 0; i < 4; i++) {
          const int32_t even = filter_byte(weights, out_c, k_count, pair, k + order[i]);
          const int32_t odd = filter_byte(weights, out_c, k_count, pair + 1, k + order[i]);
          packed = put_half(packed, even + 256 * odd);
        }
      }
    }
  }
}

static void pack_conv2d_dsp(const int8_t *weights, int32_t out_c, int32_t k_count, int8_t *packed) {
  pack_pairs_dsp(weights, out_c, k_count, packed, 2);
}

static void pack_linear_dsp(const int8_t *weights, int32_t out_c, int32_t k_count, int8_t *packed) {
  pack_pairs_dsp(weights, out_c, k_count, packed, 4);
}

/* Depthwise: `weights` [channels][taps] for all of these. */
static void pack_dwconv2d_scalar(const int8_t *weights, int32_t channels, int32_t taps, int8_t *packed) {
  for (int32_t t = 0; t < taps; t++) {
    for (int32_t c = 0; c < channels; c++) {
      *packed++ = weights[c * taps + t];
    }
  }
}

/* [channels/16][taps][16] */
static void pack_dwconv2d_mve(const int8_t *weights, int32_t channels, int32_t taps, int8_t *packed) {
  for (int32_t c = 0; c < channels; c += 16) {
    for (int32_t t = 0; t < taps; t++) {
      for (int32_t i = 0; i < 16; i++) {
        *packed++ = (int8_t)filter_byte(weights, channels, taps, c + i, t);
      }
    }
  }
}

/* [channels/4][taps/2][4 channels][2 taps], halfwords; channels in the order 0 2 1 3 */
static void pack_dwconv2d_dsp(const int8_t *weights, int32_t channels, int32_t taps, int8_t *packed) {
  static const int32_t order[4] = {0, 2, 1, 3};
  for (int32_t c = 0; c < channels; c += 4) {
    for (int32_t t = 0; t < taps; t += 2) {
      for (int32_t i = 0; i < 4; i++) {
        packed = put_half(packed, filter_byte(weights, channels, taps, c + order[i], t));
        packed = put_half(packed, filter_byte(weights, channels, taps, c + order[i], t + 1));
      }
    }
  }
}

/* Ten halfwords a channel. */
static void pack_dwconv2d_k3x3_dsp(const int8_t *weights, int32_t channels, int32_t taps, int8_t *packed) {
  static const int32_t order[10] = {0, 1, 3, 4, 6, 7, 2, 5, 8, 9};
  for (int32_t c = 0; c < channels; c++) {
    for (int32_t i = 0; i < 10; i++) {
      packed = put_half(packed, filter_byte(weights, channels, taps, c, order[i]));
    }
  }
}

/* [channels/4][taps/4][4 channels][4 taps] */
static void pack_dwconv2d_xpulp(const int8_t *weights, int32_t channels, int32_t taps, int8_t *packed) {
  pack_conv2d_blocks(weights, channels, taps, packed, 4, 4);
}

#endif
