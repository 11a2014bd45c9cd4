/* Unpacking of depthwise weights of less than 8 bits. The header states the contract. */
#include "eq_dwconv2d_narrow.h"

void eq_dwconv2d_narrow(const eq_dwconv2d_narrow_t *p, const int8_t *input, int8_t *output,
                        void *scratch, eq_range_t range) {
  const int32_t bits = eq_narrow_bits(p->type), fields = 8 * p->element_bytes / bits;
  const uint32_t ones = p->element_bytes == 1 ? 0x01010101u : 0x00010001u;
  const uint32_t mask = ((1u << bits) - 1u) * ones, signs = (1u << (bits - 1)) * ones;
  /* A field's sign times this fills the bits above the field. */
  const uint32_t extend = (uint32_t)(((1 << 8 * p->element_bytes) - (1 << bits)) >> (bits - 1));
  const uint32_t *packed = p->layer->weights;
  uint32_t *const unpacked = scratch, *word = unpacked;
  for (const uint32_t *const end = packed + p->packed_words; packed != end; packed++) {
    uint32_t left = *packed;
    for (int32_t i = fields; i > 0; i--) {
      const uint32_t field = left & mask;
      *word++ = field | (field & signs) * extend;
      left >>= bits;
    }
  }
  eq_dwconv2d_s8_t layer = *p->layer;
  layer.weights = unpacked;
  /* The kernel's own scratch memory begins at the next multiple of 16 bytes. */
  uint32_t *const rest = unpacked + ((p->packed_words * fields + 3) & ~3);
  p->kernel(&layer, input, output, rest, range);
}
