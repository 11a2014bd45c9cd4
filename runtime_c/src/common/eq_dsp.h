/* What the Armv7E-M DSP kernels share: loads, widening, requantization. Armv8-M Mainline with DSP as well. */
#ifndef EQ_DSP_H
#define EQ_DSP_H

#include "eq_inline.h"
#include "eq_requant.h"
#include "eq_tail.h"

#ifndef __ARM_FEATURE_DSP
#error "a *_dsp.c kernel needs a core with the DSP extension, e.g. -mcpu=cortex-m4"
#endif

/* A word at any address; the core loads unaligned words. */
static EQ_INLINE uint32_t eq_dsp_load(const int8_t *x) {
  uint32_t word;
  __builtin_memcpy(&word, x, sizeof word);
  return word;
}

/* Next word, pointer advanced. As assembly, because the order of loads and multiplications is what keeps an unrolled
 * loop within fourteen registers. */
static EQ_INLINE uint32_t eq_dsp_next(const uint32_t **p) {
  uint32_t word;
  __asm__ volatile("ldr %0, [%1], #4" : "=r"(word), "+r"(*p) : : "memory");
  return word;
}

/* Next two words, pointer advanced. */
#define EQ_DSP_NEXT2(p, first, second) \
  __asm__ volatile("ldrd %0, %1, [%2], #8" : "=&r"(first), "=&r"(second), "+r"(p) : : "memory")

typedef uint64_t __attribute__((may_alias)) eq_dsp_words_t;

/* Two words from or to `address`, which is 4-byte aligned; GCC seldom makes pairs by itself. */
#define EQ_DSP_LOAD2(address, first, second) \
  __asm__ volatile("ldrd %0, %1, %2"         \
                   : "=r"(first), "=r"(second) \
                   : "m"(*(const eq_dsp_words_t *)(const void *)(address)))
#define EQ_DSP_STORE2(address, first, second) \
  __asm__ volatile("strd %1, %2, %0" : "=m"(*(eq_dsp_words_t *)(void *)(address)) : "r"(first), "r"(second))

/* Sign-extends bytes 0 and 2 to the two halfwords. Assembly rather than arm_acle.h here and below: the types there mix
 * signed and unsigned words, and the rotated and rounding forms are missing. */
static EQ_INLINE uint32_t eq_dsp_sxtb16(uint32_t word) {
  uint32_t halves;
  __asm__("sxtb16 %0, %1" : "=r"(halves) : "r"(word));
  return halves;
}

/* Sign-extends bytes 1 and 3 to the two halfwords. */
static EQ_INLINE uint32_t eq_dsp_sxtb16_ror8(uint32_t word) {
  uint32_t halves;
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(halves) : "r"(word));
  return halves;
}

static EQ_INLINE int32_t eq_dsp_smlad(uint32_t a, uint32_t b, int32_t acc) {
  int32_t sum;
  __asm__("smlad %0, %1, %2, %3" : "=r"(sum) : "r"(a), "r"(b), "r"(acc));
  return sum;
}

/* acc + bottom of a * bottom of b, and bottom of a * top of b. */
static EQ_INLINE int32_t eq_dsp_smlabb(uint32_t a, uint32_t b, int32_t acc) {
  int32_t sum;
  __asm__("smlabb %0, %1, %2, %3" : "=r"(sum) : "r"(a), "r"(b), "r"(acc));
  return sum;
}

static EQ_INLINE int32_t eq_dsp_smlabt(uint32_t a, uint32_t b, int32_t acc) {
  int32_t sum;
  __asm__("smlabt %0, %1, %2, %3" : "=r"(sum) : "r"(a), "r"(b), "r"(acc));
  return sum;
}

/* Halfwords: bottom of a below bottom of b. */
static EQ_INLINE uint32_t eq_dsp_pack_bottoms(uint32_t a, uint32_t b) {
  uint32_t pair;
  __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(pair) : "r"(a), "r"(b));
  return pair;
}

/* Halfwords: top of a below top of b. */
static EQ_INLINE uint32_t eq_dsp_pack_tops(uint32_t a, uint32_t b) {
  uint32_t pair;
  __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(pair) : "r"(b), "r"(a));
  return pair;
}

/* offset + floor((a * b + 2^31) / 2^32) */
static EQ_INLINE int32_t eq_dsp_smmlar(int32_t a, int32_t b, int32_t offset) {
  int32_t sum;
  __asm__("smmlar %0, %1, %2, %3" : "=r"(sum) : "r"(a), "r"(b), "r"(offset));
  return sum;
}

/* offset + floor(a * b / 2^32) */
static EQ_INLINE int32_t eq_dsp_smmla(int32_t a, int32_t b, int32_t offset) {
  int32_t sum;
  __asm__("smmla %0, %1, %2, %3" : "=r"(sum) : "r"(a), "r"(b), "r"(offset));
  return sum;
}

/* odd += (mixed - even) / 256, exact: mixed is even + 256 * odd modulo 2^32 (eq_dsp_panel.h). */
static EQ_INLINE int32_t eq_dsp_drain(int32_t odd, int32_t mixed, int32_t even) {
  return odd + ((int32_t)((uint32_t)mixed - (uint32_t)even) >> 8);
}

/* Saturation to int8. */
/* sum + the four bytes of a word. */
static EQ_INLINE int32_t eq_dsp_add_bytes(uint32_t bytes, int32_t sum) {
  int32_t result;
  __asm__("usada8 %0, %1, %2, %3" : "=r"(result) : "r"(bytes), "r"(0), "r"(sum));
  return result;
}

static EQ_INLINE int32_t eq_dsp_ssat8(int32_t value) {
  int32_t result;
  __asm__("ssat %0, #8, %1" : "=r"(result) : "r"(value));
  return result;
}

/* The parameters of requantization that stay in registers through a kernel. */
typedef struct {
  const int32_t *multiplier;
  const int8_t *shift;
  const int32_t *offset;
  int32_t zero_point;
  int32_t act_min, act_max;
  int32_t narrow; /* whether [act_min, act_max] is less than int8: one saturation does not do */
} eq_dsp_requant_t;

static EQ_INLINE eq_dsp_requant_t eq_dsp_requant(const eq_requant_t *q) {
  const int32_t narrow = q->act_min > -128 || q->act_max < 127;
  return (eq_dsp_requant_t){q->multiplier, q->shift, q->offset, q->output_zero_point, q->act_min, q->act_max, narrow};
}

/* A channel's constants: multiplier, shift, and its offset or the zero point (eq_offset). */
typedef struct {
  int32_t m, s, offset;
} eq_dsp_scale_t;

static EQ_INLINE eq_dsp_scale_t eq_dsp_scale_of(const eq_dsp_requant_t *q, int32_t channel, eq_requant_form_t form) {
  const int32_t s = form == EQ_REQUANT_HIGH ? 32 : q->shift[channel];
  return (eq_dsp_scale_t){q->multiplier[channel], s, eq_has_offset(form) ? q->offset[channel] : q->zero_point};
}

/* Scale and offset, saturated to int8. */
static EQ_INLINE int32_t eq_dsp_scale_saturate(int32_t acc, eq_dsp_scale_t k, eq_requant_form_t form) {
  if (form == EQ_REQUANT_HIGH) {
    return eq_dsp_ssat8(eq_dsp_smmlar(acc, k.m, k.offset));
  }
  if (form == EQ_REQUANT_LINE) {
    return eq_dsp_ssat8(eq_dsp_smmla(acc, k.m, k.offset) >> k.s);
  }
  if (form == EQ_REQUANT_STEP) {
    /* cppcheck-suppress shiftTooManyBitsSigned ; eq_types.h asserts that such shifts are arithmetic */
    return eq_dsp_ssat8(eq_dsp_smmlar(acc * 2, k.m, k.offset + (acc >> 31)) >> k.s);
  }
  return eq_dsp_ssat8(eq_scale_acc(acc, k.m, k.s, form) + k.offset);
}

static EQ_INLINE int8_t eq_dsp_requantize(int32_t acc, int32_t channel, const eq_dsp_requant_t *q,
                                          eq_requant_form_t form) {
  int32_t y = eq_dsp_scale_saturate(acc, eq_dsp_scale_of(q, channel, form), form);
  if (q->narrow) {
    y = eq_clamp(y, q->act_min, q->act_max);
  }
  return (int8_t)y;
}

#endif
