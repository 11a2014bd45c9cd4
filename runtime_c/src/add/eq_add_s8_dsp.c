/* add, int8: Armv7E-M DSP, a word of four elements a turn. The header states the contract. */
#include "eq_add.h"

#include "eq_dsp.h"

/* One sum, in int8. `narrow`: the activation range is less than all of int8; a compile-time constant. */
static EQ_INLINE int32_t sum(const eq_add_s8_t *q, int32_t x1, int32_t x2, int32_t narrow) {
  const int32_t y = eq_dsp_ssat8((q->b * x2 + (q->a * x1 + q->c)) >> q->n);
  return narrow ? eq_clamp(y, q->act_min, q->act_max) : y;
}

/* Byte `index` of a word, sign-extended. */
static EQ_INLINE int32_t byte(uint32_t word, uint32_t index) { return (int8_t)(uint8_t)(word >> 8 * index); }

/* The word with its byte `index` replaced. */
#define EQ_DSP_INSERT(word, value, index) \
  __asm__("bfi %0, %1, #8 * " #index ", #8" : "+r"(word) : "r"(value))

static EQ_INLINE void add(const eq_add_s8_t *p, const int8_t *input1, const int8_t *input2, int8_t *output,
                          eq_range_t range, int32_t narrow) {
  const eq_add_s8_t q = *p;
  const int8_t *x1 = input1 + range.begin, *x2 = input2 + range.begin;
  int8_t *y = output + range.begin;
  const int8_t *const end = output + range.end;
  const int8_t *const words_end = y + ((range.end - range.begin) & ~3);
  while (y < words_end) {
    const uint32_t u = eq_dsp_load(x1), v = eq_dsp_load(x2);
    uint32_t word = (uint32_t)sum(&q, byte(u, 0), byte(v, 0), narrow);
    EQ_DSP_INSERT(word, sum(&q, byte(u, 1), byte(v, 1), narrow), 1);
    EQ_DSP_INSERT(word, sum(&q, byte(u, 2), byte(v, 2), narrow), 2);
    EQ_DSP_INSERT(word, sum(&q, byte(u, 3), byte(v, 3), narrow), 3);
    __builtin_memcpy(y, &word, sizeof word);
    x1 += 4;
    x2 += 4;
    y += 4;
  }
  for (; y < end; y++) {
    *y = (int8_t)sum(&q, *x1++, *x2++, narrow);
  }
}

void eq_add_s8_dsp(const eq_add_s8_t *p, const int8_t *input1, const int8_t *input2, int8_t *output, eq_range_t range) {
  if (p->act_min > -128 || p->act_max < 127) {
    add(p, input1, input2, output, range, 1);
  } else {
    add(p, input1, input2, output, range, 0);
  }
}
