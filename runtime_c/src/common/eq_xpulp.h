/* What the Xpulp / CORE-V kernels share: loads, requantization. On other targets eq_xcv.h is portable C, so that these
 * kernels run and are tested anywhere. */
#ifndef EQ_XPULP_H
#define EQ_XPULP_H

#include "eq_inline.h"
#include "eq_requant.h"
#include "eq_tail.h"
#include "eq_xcv.h"

/* A word at any address. The cores load unaligned words (two cycles); plain C on RISC-V would load bytes. */
static EQ_INLINE uint32_t eq_xpulp_load(const int8_t *x) {
  uint32_t word;
#if defined(__riscv)
  __asm__("lw %0, %1" : "=r"(word) : "m"(*(const eq_xcv_word_t *)(const void *)x));
#else
  __builtin_memcpy(&word, x, sizeof word);
#endif
  return word;
}

static EQ_INLINE void eq_xpulp_store(int8_t *y, uint32_t word) {
#if defined(__riscv)
  __asm__("sw %1, %0" : "=m"(*(eq_xcv_word_t *)(void *)y) : "r"(word));
#else
  __builtin_memcpy(y, &word, sizeof word);
#endif
}

/* Next word, pointer advanced: eq_xcv_load_w(p, 4) that stays where it is written, so that the order of loads and
 * products is what keeps an unrolled loop within the registers. */
#if defined(EQ_XCV_BACKEND_INSN)
#define EQ_XPULP_NEXT(word, p) __asm__ volatile(".insn i 0x0b, 2, %0, %1, 4" : "=&r"(word), "+r"(p) : : "memory")
#else
#define EQ_XPULP_NEXT(word, p) ((word) = eq_xcv_load_w(p, 4))
#endif

/* The same with a step of `step` bytes, at any address. */
#if defined(EQ_XCV_BACKEND_INSN)
#define EQ_XPULP_NEXT_BY(word, p, step) \
  __asm__ volatile(".insn r 0x2b, 3, 0x02, %0, %1, %2" : "=&r"(word), "+r"(p) : "r"(step) : "memory")
#else
#define EQ_XPULP_NEXT_BY(word, p, step) ((word) = eq_xpulp_load(p), (p) += (step))
#endif

/* Stores a word at any address, pointer advanced by 4. */
#if defined(EQ_XCV_BACKEND_INSN)
#define EQ_XPULP_PUT(p, word) eq_xcv_store_w(p, word, 4)
#else
#define EQ_XPULP_PUT(p, word) (eq_xpulp_store(p, word), (p) += 4)
#endif

static EQ_INLINE int8_t *eq_xpulp_copy(int8_t *target, const int8_t *source, int32_t bytes) {
  for (; bytes >= 4; bytes -= 4) {
    eq_xpulp_store(target, eq_xpulp_load(source));
    source += 4;
    target += 4;
  }
  for (; bytes > 0; bytes--) {
    *target++ = *source++;
  }
  return target;
}

static EQ_INLINE int8_t *eq_xpulp_fill(int8_t *target, int32_t value, int32_t bytes) {
  const uint32_t word = ((uint32_t)value & 0xffu) * 0x01010101u;
  for (; bytes >= 16; bytes -= 16) {
    eq_xpulp_store(target, word);
    eq_xpulp_store(target + 4, word);
    eq_xpulp_store(target + 8, word);
    eq_xpulp_store(target + 12, word);
    target += 16;
  }
  for (; bytes >= 4; bytes -= 4) {
    eq_xpulp_store(target, word);
    target += 4;
  }
  for (; bytes > 0; bytes--) {
    *target++ = (int8_t)value;
  }
  return target;
}

/* Requantization parameters as the kernels keep them. */
typedef struct {
  const int32_t *multiplier;
  const int8_t *shift;
  const int32_t *offset;
  int32_t zero_point, act_min, act_max;
  uint32_t act_mins, act_maxs; /* four times in a word */
  int32_t narrow; /* whether [act_min, act_max] is less than int8: one clip does not do */
} eq_xpulp_requant_t;

static EQ_INLINE eq_xpulp_requant_t eq_xpulp_requant(const eq_requant_t *q) {
  const int32_t narrow = q->act_min > -128 || q->act_max < 127;
  return (eq_xpulp_requant_t){q->multiplier,
                              q->shift,
                              q->offset,
                              q->output_zero_point,
                              q->act_min,
                              q->act_max,
                              ((uint32_t)q->act_min & 0xffu) * 0x01010101u,
                              ((uint32_t)q->act_max & 0xffu) * 0x01010101u,
                              narrow};
}

/* A channel's multiplier as eq_xpulp_scale wants it: doubled for EQ_REQUANT_HIGH, EQ_REQUANT_SHIFT and EQ_REQUANT_STEP
 * (below 2^32, so unsigned). */
static EQ_INLINE uint32_t eq_xpulp_multiplier(const eq_xpulp_requant_t *q, int32_t channel, eq_requant_form_t form) {
  const uint32_t m = (uint32_t)q->multiplier[channel];
  return form == EQ_REQUANT_HIGH || form == EQ_REQUANT_SHIFT || form == EQ_REQUANT_STEP ? 2u * m : m;
}

/* A channel's shift as eq_xpulp_scale wants it: for EQ_REQUANT_SHIFT how far to the left, 0 .. 31. */
static EQ_INLINE int32_t eq_xpulp_shift(const eq_xpulp_requant_t *q, int32_t channel, eq_requant_form_t form) {
  return form == EQ_REQUANT_HIGH ? 32 : form == EQ_REQUANT_SHIFT ? 32 - q->shift[channel] : q->shift[channel];
}

/* A channel's offset, or the zero point (eq_offset). */
static EQ_INLINE int32_t eq_xpulp_offset(const eq_xpulp_requant_t *q, int32_t channel, eq_requant_form_t form) {
  return eq_has_offset(form) ? q->offset[channel] : q->zero_point;
}

/* Scale and offset, clipped to int8. HIGH in three instructions: with t = floor(acc * 2m / 2^32) (MULHSU),
 * floor((acc * m + 2^31) / 2^32) = floor((t + 1) / 2), which CV.ADDRN computes along with the zero point. SHIFT is HIGH
 * of a shifted sum; one too large for that, whose output is far outside int8, is limited first. STEP rounds the high word
 * of twice the sum the same way. */
static EQ_INLINE int32_t eq_xpulp_scale(int32_t acc, uint32_t m, int32_t s, int32_t offset, eq_requant_form_t form) {
  if (form == EQ_REQUANT_HIGH || form == EQ_REQUANT_SHIFT) {
    if (form == EQ_REQUANT_SHIFT) {
      acc = (int32_t)((uint32_t)eq_xcv_clipr(acc, INT32_MAX >> s) << s);
    }
    const int32_t t = (int32_t)(((int64_t)acc * (int64_t)m) >> 32);
    return eq_xcv_clip(eq_xcv_addRN(t, 2 * offset, 1), 8);
  }
  if (form == EQ_REQUANT_LINE) {
    return eq_xcv_clip(eq_xcv_addNr((int32_t)(((int64_t)acc * (int64_t)m) >> 32), offset, s), 8);
  }
  if (form == EQ_REQUANT_STEP) {
    const int32_t t = (int32_t)(((int64_t)(acc * 2) * (int64_t)m) >> 32);
    /* cppcheck-suppress shiftTooManyBitsSigned ; eq_types.h asserts that such shifts are arithmetic */
    return eq_xcv_clip(eq_xcv_addNr(eq_xcv_addRN(t, 0, 1) + (acc >> 31), offset, s), 8);
  }
  return eq_xcv_clip(eq_scale_acc(acc, (int32_t)m, s, form) + offset, 8);
}

#endif
