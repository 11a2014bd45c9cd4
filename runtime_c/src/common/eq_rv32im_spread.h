/* Spreading input bytes for eq_rv32im_block.h: `to` is the pixel's first word of the run's first quad; all return where
 * the next run begins. Runs are whole quads, sources 4-byte aligned. */
#ifndef EQ_RV32IM_SPREAD_H
#define EQ_RV32IM_SPREAD_H

#include "eq_inline.h"
#include "eq_rv32im_block.h"

static EQ_INLINE void eq_spread_quad(uint32_t v, uint32_t *target) {
  v ^= 0x80808080u;
  target[0] = (v & 0x00ff00ffu) - 0x00800080u;
  target[1] = ((v >> 8) & 0x00ff00ffu) - 0x00800080u;
}

/* `step` words from one quad to the next. */
static EQ_INLINE uint32_t *eq_spread_steps(uint32_t *to, const int8_t *source, int32_t bytes, int32_t step) {
  const uint32_t *x = __builtin_assume_aligned(source, 4);
  uint32_t v[2];
  for (; bytes >= 8; bytes -= 8) {
    __builtin_memcpy(v, x, 8);
    eq_spread_quad(v[0], to);
    eq_spread_quad(v[1], to + step);
    x += 2;
    to += 2 * step;
  }
  if (bytes > 0) {
    __builtin_memcpy(v, x, 4);
    eq_spread_quad(v[0], to);
    to += step;
  }
  return to;
}

static EQ_INLINE uint32_t *eq_spread_run(uint32_t *to, const int8_t *source, int32_t bytes) {
  return eq_spread_steps(to, source, bytes, EQ_RV32IM_QUAD);
}

static EQ_INLINE uint32_t *eq_spread_fill(uint32_t *to, int32_t value, int32_t bytes) {
  const uint32_t both = (uint32_t)value * 0x00010001u;
  for (; bytes > 0; bytes -= 4) {
    to[0] = both;
    to[1] = both;
    to += EQ_RV32IM_QUAD;
  }
  return to;
}

/* Copies a run of any bytes between any addresses; returns target + bytes. */
static EQ_INLINE int8_t *eq_copy_bytes(int8_t *target, const int8_t *source, int32_t bytes) {
  for (; bytes >= 4; bytes -= 4) {
    const int8_t a = source[0], b = source[1], c = source[2], d = source[3];
    target[0] = a;
    target[1] = b;
    target[2] = c;
    target[3] = d;
    source += 4;
    target += 4;
  }
  for (; bytes > 0; bytes--) {
    *target++ = *source++;
  }
  return target;
}

#endif
