/* High words of products, and pairs of words, in portable C. */
#ifndef EQ_HIGH_H
#define EQ_HIGH_H

#include "eq_inline.h"
#include "eq_types.h"

typedef struct {
  int32_t r, i;
} eq_complex_t;

static EQ_INLINE eq_complex_t eq_complex_load(const void *from) {
  const eq_complex_t *const x = from;
  return *x;
}

static EQ_INLINE void eq_complex_store(eq_complex_t *to, int32_t r, int32_t i) {
  to->r = r;
  to->i = i;
}

static EQ_INLINE int32_t eq_high(int32_t a, int32_t b) { return (int32_t)(((int64_t)a * b) >> 32); }

/* offset + eq_high(a, b), the sum in 32 bits. */
static EQ_INLINE int32_t eq_high_add(int32_t a, int32_t b, int32_t offset) { return offset + eq_high(a, b); }

#endif
