/* Unpacking of depthwise weights of less than 8 bits. The header states the contract. */
#include "eq_dwconv2d_narrow.h"

/* The powers of two of the fields in the low bits of a word's elements; `ones`: 1 in each, `full`: all bits of one. */
static uint32_t powers(uint32_t fields, uint32_t ones, uint32_t full) {
  uint32_t p = ones;
  p += p & (fields & ones) * full;
  p += (p & (fields >> 1 & ones) * full) * 3u;
  p += (p & (fields >> 2 & ones) * full) * 15u;
  p &= ~(ones << 7); /* 7 is the field of 0 */
  const uint32_t negative = fields >> 3 & ones;
  return (p ^ negative * full) + negative;
}

eq_dwconv2d_s8_t eq_dwconv2d_unpacked(const eq_dwconv2d_narrow_t *p, void *memory) {
  const int32_t bits = eq_narrow_bits(p->type), fields = 8 * p->element_bytes / bits;
  const uint32_t ones = p->element_bytes == 1 ? 0x01010101u : 0x00010001u;
  const uint32_t full = (1u << 8 * p->element_bytes) - 1u;
  const uint32_t mask = ((1u << bits) - 1u) * ones, signs = (1u << (bits - 1)) * ones;
  /* A field's sign times this fills the bits above the field. */
  const uint32_t extend = (uint32_t)(((1 << 8 * p->element_bytes) - (1 << bits)) >> (bits - 1));
  const uint32_t *packed = p->layer.weights;
  uint32_t *word = memory;
  for (const uint32_t *const end = packed + p->packed_words; packed != end; packed++) {
    uint32_t left = *packed;
    for (int32_t i = fields; i > 0; i--) {
      const uint32_t field = left & mask;
      *word++ = p->type == EQ_POW2 ? powers(field, ones, full) : field | (field & signs) * extend;
      left >>= bits;
    }
  }
  eq_dwconv2d_s8_t layer = p->layer;
  layer.weights = memory;
  return layer;
}
