/* Copying and filling of short runs of bytes, for eq_patch.h: words where both ends are aligned, bytes otherwise. */
#ifndef EQ_RUN_H
#define EQ_RUN_H

#include <stdint.h>

#include "eq_inline.h"

static EQ_INLINE int8_t *eq_copy_run(int8_t *target, const int8_t *source, int32_t bytes) {
  if ((((uintptr_t)target | (uintptr_t)source) & 3u) == 0u) {
    for (; bytes >= 4; bytes -= 4) {
      __builtin_memcpy(__builtin_assume_aligned(target, 4), __builtin_assume_aligned(source, 4), 4);
      source += 4;
      target += 4;
    }
  }
  for (; bytes > 0; bytes--) {
    *target++ = *source++;
  }
  return target;
}

static EQ_INLINE int8_t *eq_fill_run(int8_t *target, int32_t value, int32_t bytes) {
  for (; bytes > 0; bytes--) {
    *target++ = (int8_t)value;
  }
  return target;
}

#endif
