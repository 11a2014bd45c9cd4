/* Unpacking of weights of 4 bits in groups. The header states the contract. */
#include "eq_weight_groups.h"

#include "eq_inline.h"

static EQ_INLINE int32_t groups_of(const eq_weight_groups_t *p) { return (p->products + p->group - 1) / p->group; }

static EQ_INLINE const uint8_t *multipliers_of(const eq_weight_groups_t *p, int32_t unit, int32_t channels) {
  return (const uint8_t *)p->packed + unit * channels * groups_of(p);
}

EQ_WEIGHT_GROUPS_PROTOTYPE(eq_weight_groups_rows) {
  const int32_t bytes = (p->products + 1) / 2;
  const uint8_t *m = multipliers_of(p, units.begin, 1);
  const uint8_t *field = (const uint8_t *)(p->packed + p->fields) + units.begin * bytes;
  int8_t *weight = (int8_t *)memory + units.begin * p->products;
  for (int32_t unit = units.begin; unit < units.end; unit++) {
    for (int32_t k = 0; k < p->products; m++) {
      const int32_t end = p->products - k < p->group ? p->products : k + p->group;
      for (; k + 2 <= end; k += 2) {
        *weight++ = (int8_t)(((*field & 15) - 8) * *m);
        *weight++ = (int8_t)(((*field++ >> 4) - 8) * *m);
      }
      if (k < end) {
        *weight++ = (int8_t)(((*field++ & 15) - 8) * *m);
        k++;
      }
    }
  }
}

/* Halfwords even + 256 * odd of two products, with 2^15 each while they are summed. */
static EQ_INLINE uint32_t pair_word(uint32_t fields, uint32_t even, uint32_t odd, uint32_t offset) {
  return ((fields & 0x000f000fu) * even + (fields >> 4 & 0x000f000fu) * odd + offset) ^ 0x80008000u;
}

EQ_WEIGHT_GROUPS_PROTOTYPE(eq_weight_groups_pairs) {
  const int32_t quads = (p->products + 3) / 4;
  const uint8_t *m = multipliers_of(p, units.begin, 2);
  const uint32_t *fields = p->packed + p->fields + units.begin * quads;
  uint32_t *word = (uint32_t *)memory + 2 * units.begin * quads;
  for (int32_t unit = units.begin; unit < units.end; unit++) {
    for (int32_t left = quads, part; left > 0; left -= part) {
      part = left < p->group / 4 ? left : p->group / 4;
      const uint32_t even = m[0], odd = (uint32_t)m[1] << 8, offset = (0x8000u - 8u * (even + odd)) * 0x00010001u;
      m += 2;
      for (const uint32_t *const end = fields + part; fields != end; fields++) {
        *word++ = pair_word(*fields, even, odd, offset);
        *word++ = pair_word(*fields >> 8, even, odd, offset);
      }
    }
  }
}

/* The weights of four products of a channel. */
static EQ_INLINE uint32_t word_of(uint32_t fields, uint32_t multiplier, uint32_t offset) {
  return ((fields & 0x0f0f0f0fu) * multiplier + offset) ^ 0x80808080u;
}

static EQ_INLINE uint32_t offset_of(uint32_t multiplier) { return (128u - 8u * multiplier) * 0x01010101u; }

/* Blocks of `words` (a compile-time constant) words a channel. */
static EQ_INLINE void unpack_blocks(const eq_weight_groups_t *p, void *memory, eq_range_t units, int32_t words) {
  const int32_t blocks = (p->products + 4 * words - 1) / (4 * words), most = p->group / (4 * words);
  const uint8_t *m = multipliers_of(p, units.begin, 4);
  const uint32_t *fields = p->packed + p->fields + 2 * words * units.begin * blocks;
  uint32_t *word = (uint32_t *)memory + 4 * words * units.begin * blocks;
  for (int32_t unit = units.begin; unit < units.end; unit++) {
    for (int32_t left = blocks, part; left > 0; left -= part) {
      part = left < most ? left : most;
      const uint32_t m0 = m[0], m1 = m[1], m2 = m[2], m3 = m[3];
      const uint32_t o0 = offset_of(m0), o1 = offset_of(m1), o2 = offset_of(m2), o3 = offset_of(m3);
      m += 4;
      for (const uint32_t *const end = fields + 2 * words * part; fields != end; fields += 2 * words) {
        for (int32_t i = 0; i < words; i++) {
          const uint32_t first = fields[i], second = fields[words + i];
          word[i] = word_of(first, m0, o0);
          word[words + i] = word_of(first >> 4, m1, o1);
          word[2 * words + i] = word_of(second, m2, o2);
          word[3 * words + i] = word_of(second >> 4, m3, o3);
        }
        word += 4 * words;
      }
    }
  }
}

EQ_WEIGHT_GROUPS_PROTOTYPE(eq_weight_groups_blocks4) { unpack_blocks(p, memory, units, 1); }

EQ_WEIGHT_GROUPS_PROTOTYPE(eq_weight_groups_blocks16) { unpack_blocks(p, memory, units, 4); }
