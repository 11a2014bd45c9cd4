/* What the stand-ins share: how sums are scaled, what the core can do, buffers that are used up. */
#ifndef STAND_IN_H
#define STAND_IN_H

#include "arm_nnfunctions.h"

#if defined(__ARM_FEATURE_MVE)
#define HAS_MVE 1
#define HAS_DSP 0
#elif defined(__ARM_FEATURE_DSP)
#define HAS_MVE 0
#define HAS_DSP 1
#else
#define HAS_MVE 0
#define HAS_DSP 0
#endif

/* The doubled product's high word, to the nearest. */
static inline int32_t doubled_high(int32_t a, int32_t b) { return (int32_t)(((int64_t)a * b + (1 << 30)) >> 31); }

/* x / 2^by, halves away from zero. */
static inline int32_t divided(int32_t x, int32_t by) {
  if (by == 0) {
    return x;
  }
  const int64_t half = (int64_t)1 << (by - 1);
  return x >= 0 ? (int32_t)((x + half) >> by) : (int32_t)-((-(int64_t)x + half) >> by);
}

static inline int32_t scaled(int32_t sum, int32_t multiplier, int32_t shift) {
#ifdef CMSIS_NN_USE_SINGLE_ROUNDING
  return (int32_t)(((int64_t)sum * multiplier + ((int64_t)1 << (30 - shift))) >> (31 - shift));
#else
  return divided(doubled_high(sum * (1 << (shift > 0 ? shift : 0)), multiplier), shift < 0 ? -shift : 0);
#endif
}

static inline int8_t clamped(int32_t value, const cmsis_nn_activation *activation) {
  return (int8_t)(value < activation->min ? activation->min : value > activation->max ? activation->max : value);
}

/* Overwrites the buffer; whether it is there and of this size. */
static inline int use_up(const cmsis_nn_context *ctx, int32_t bytes) {
  if (bytes > 0 && (ctx->buf == 0 || ctx->size != bytes)) {
    return 0;
  }
  for (int32_t i = 0; i < bytes; ++i) {
    ((volatile uint8_t *)ctx->buf)[i] = (uint8_t)(i * 37 + 11);
  }
  return 1;
}

#endif
