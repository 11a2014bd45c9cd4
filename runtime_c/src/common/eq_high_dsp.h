/* High words of products, and pairs of words, for Armv7E-M DSP; eq_high_scalar.h has the same in portable C. */
#ifndef EQ_HIGH_H
#define EQ_HIGH_H

#include "eq_dsp.h"

typedef struct {
  int32_t r, i;
} eq_complex_t;

static EQ_INLINE eq_complex_t eq_complex_load(const void *from) {
  eq_complex_t x;
  EQ_DSP_LOAD2(from, x.r, x.i);
  return x;
}

static EQ_INLINE void eq_complex_store(eq_complex_t *to, int32_t r, int32_t i) { EQ_DSP_STORE2(to, r, i); }

static EQ_INLINE int32_t eq_high(int32_t a, int32_t b) {
  int32_t high;
  __asm__("smmul %0, %1, %2" : "=r"(high) : "r"(a), "r"(b));
  return high;
}

/* offset + eq_high(a, b), the sum in 32 bits. */
static EQ_INLINE int32_t eq_high_add(int32_t a, int32_t b, int32_t offset) { return eq_dsp_smmla(a, b, offset); }

#endif
