/* Matrix product of plain RV32IM cores: six pixels (or rows) times two output channels, two products a multiplication.
 *
 * A word of four input bytes b0..b3 is spread once into two words X = b0 + 2^16*b2 and b1 + 2^16*b3 (signed sums). With
 * W = w2 + 2^16*w0 the low 32 bits of X*W are b0*w2 + 2^16*(b0*w0 + b2*w2): the wanted sum of two products above 16
 * bits of no use. Several such products are summed before the wanted half is taken out by (sum + 2^15) >> 16, which is
 * exact as long as neither half of the sum leaves 16 bits: |b| <= 128, so while the weights' magnitudes add up to at
 * most 255. edgeq/packing/rv32im.py sorts the words of two channels into three lists accordingly:
 *
 *   double  pairs of words that fit together: (offset, offset) as two uint16, 4 weights words a channel; end: 0
 *   single  one word: offset, 2 weight words a channel; end: -1
 *   split   a word of large weights, its two products taken out one by one (2*127 <= 255 always fits); as single
 *
 * and sums them in any order, because the offsets into the spread input are part of the stream. */
#ifndef EQ_RV32IM_BLOCK_H
#define EQ_RV32IM_BLOCK_H

#include "eq_inline.h"
#include "eq_requant.h"

#define EQ_RV32IM_PIXELS 6
/* Words of spread input from one quad of input bytes to the next: two for each pixel. */
#define EQ_RV32IM_QUAD (2 * EQ_RV32IM_PIXELS)

/* One output channel of six pixels. Unsigned, because sums may wrap. */
typedef struct {
  uint32_t p0, p1, p2, p3, p4, p5;
} eq_sextet_t;

/* Keeps a variable in memory, to be loaded where it is used: the loops between need all registers. */
#define EQ_FORGET(variable) __asm__ volatile("" : : "r"(&(variable)) : "memory")

/* Keeps what belongs to one pixel together; see EQ_PIN4. */
#define EQ_PIN2(a, b) __asm__ volatile("" : "+r"(a), "+r"(b) : : "memory")

static EQ_INLINE uint32_t eq_upper(uint32_t sum) { return (uint32_t)((int32_t)(sum + 0x8000u) >> 16); }

static EQ_INLINE void eq_double_pixel(uint32_t *a, uint32_t *b, const uint32_t *x, const uint32_t *z,
                                      const uint32_t w[8]) {
  uint32_t v = x[0], s = v * w[0], t = v * w[1];
  EQ_PIN2(s, t);
  v = x[1];
  s += v * w[2];
  t += v * w[3];
  EQ_PIN2(s, t);
  v = z[0];
  s += v * w[4];
  t += v * w[5];
  EQ_PIN2(s, t);
  v = z[1];
  s += v * w[6];
  t += v * w[7];
  EQ_PIN2(s, t);
  *a += eq_upper(s);
  *b += eq_upper(t);
  EQ_PIN2(*a, *b);
}

static EQ_INLINE void eq_single_pixel(uint32_t *a, uint32_t *b, const uint32_t *x, const uint32_t w[4]) {
  const uint32_t v = x[0], u = x[1];
  *a += eq_upper(v * w[0] + u * w[2]);
  *b += eq_upper(v * w[1] + u * w[3]);
  EQ_PIN2(*a, *b);
}

static EQ_INLINE void eq_split_pixel(uint32_t *a, uint32_t *b, const uint32_t *x, const uint32_t w[4]) {
  const uint32_t v = x[0], u = x[1];
  *a += eq_upper(v * w[0]) + eq_upper(u * w[2]);
  *b += eq_upper(v * w[1]) + eq_upper(u * w[3]);
  EQ_PIN2(*a, *b);
}

/* Adds the products of one pair of output channels to a and b; returns the stream after them. */
static EQ_INLINE const uint32_t *eq_sextet_products(eq_sextet_t *a, eq_sextet_t *b, const uint32_t *stream,
                                                    const uint32_t *spread) {
  while (stream[0] != 0) {
    const uint16_t *const offsets = (const uint16_t *)(const void *)stream;
    const uint32_t *const x = (const uint32_t *)(const void *)((const uint8_t *)spread + offsets[0]);
    const uint32_t *const z = (const uint32_t *)(const void *)((const uint8_t *)spread + offsets[1]);
    const uint32_t w[8] = {stream[1], stream[2], stream[3], stream[4], stream[5], stream[6], stream[7], stream[8]};
    stream += 9;
    eq_double_pixel(&a->p0, &b->p0, x, z, w);
    eq_double_pixel(&a->p1, &b->p1, x + 2, z + 2, w);
    eq_double_pixel(&a->p2, &b->p2, x + 4, z + 4, w);
    eq_double_pixel(&a->p3, &b->p3, x + 6, z + 6, w);
    eq_double_pixel(&a->p4, &b->p4, x + 8, z + 8, w);
    eq_double_pixel(&a->p5, &b->p5, x + 10, z + 10, w);
  }
  stream++;
  for (int32_t offset = (int32_t)*stream++; offset >= 0; offset = (int32_t)*stream++) {
    const uint32_t *const x = (const uint32_t *)(const void *)((const uint8_t *)spread + offset);
    const uint32_t w[4] = {stream[0], stream[1], stream[2], stream[3]};
    stream += 4;
    eq_single_pixel(&a->p0, &b->p0, x, w);
    eq_single_pixel(&a->p1, &b->p1, x + 2, w);
    eq_single_pixel(&a->p2, &b->p2, x + 4, w);
    eq_single_pixel(&a->p3, &b->p3, x + 6, w);
    eq_single_pixel(&a->p4, &b->p4, x + 8, w);
    eq_single_pixel(&a->p5, &b->p5, x + 10, w);
  }
  for (int32_t offset = (int32_t)*stream++; offset >= 0; offset = (int32_t)*stream++) {
    const uint32_t *const x = (const uint32_t *)(const void *)((const uint8_t *)spread + offset);
    const uint32_t w[4] = {stream[0], stream[1], stream[2], stream[3]};
    stream += 4;
    eq_split_pixel(&a->p0, &b->p0, x, w);
    eq_split_pixel(&a->p1, &b->p1, x + 2, w);
    eq_split_pixel(&a->p2, &b->p2, x + 4, w);
    eq_split_pixel(&a->p3, &b->p3, x + 6, w);
    eq_split_pixel(&a->p4, &b->p4, x + 8, w);
    eq_split_pixel(&a->p5, &b->p5, x + 10, w);
  }
  return stream;
}

#endif
