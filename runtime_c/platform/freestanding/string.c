/* memcpy, memset, memmove and memcmp for firmware without libc: GCC may call all four, whatever the source says.
 * Word-wise where both pointers allow it; -fno-tree-loop-distribute-patterns keeps the loops from becoming calls to
 * themselves. */
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);

#if defined(__GNUC__) && !defined(__clang__)
#define EQ_NO_PATTERNS __attribute__((optimize("no-tree-loop-distribute-patterns")))
#else
#define EQ_NO_PATTERNS __attribute__((no_builtin))
#endif

typedef uint32_t __attribute__((may_alias)) word_t;

#define WORD_BYTES sizeof(word_t)

#ifndef __riscv_vector /* else in riscv/string_vector.c */
EQ_NO_PATTERNS void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
  uint8_t *out = to;
  const uint8_t *in = from;
  if ((((uintptr_t)out | (uintptr_t)in) & (WORD_BYTES - 1u)) == 0u) {
    for (; bytes >= WORD_BYTES; bytes -= WORD_BYTES) {
      *(word_t *)out = *(const word_t *)in;
      out += WORD_BYTES;
      in += WORD_BYTES;
    }
  }
  for (; bytes > 0u; bytes--) {
    *out++ = *in++;
  }
  return to;
}

EQ_NO_PATTERNS void *memset(void *to, int value, size_t bytes) {
  uint8_t *out = to;
  const uint8_t byte = (uint8_t)value;
  const word_t word = (word_t)byte * 0x01010101u;
  for (; bytes > 0u && ((uintptr_t)out & (WORD_BYTES - 1u)) != 0u; bytes--) {
    *out++ = byte;
  }
  for (; bytes >= WORD_BYTES; bytes -= WORD_BYTES) {
    *(word_t *)out = word;
    out += WORD_BYTES;
  }
  for (; bytes > 0u; bytes--) {
    *out++ = byte;
  }
  return to;
}

#endif

EQ_NO_PATTERNS void *memmove(void *to, const void *from, size_t bytes) {
  uint8_t *out = to;
  const uint8_t *in = from;
  if ((uintptr_t)out - (uintptr_t)in >= bytes) { /* also when out < in: the difference wraps round */
    for (size_t i = 0; i < bytes; i++) {
      out[i] = in[i];
    }
    return to;
  }
  for (; bytes > 0u; bytes--) {
    out[bytes - 1u] = in[bytes - 1u];
  }
  return to;
}

EQ_NO_PATTERNS int memcmp(const void *a, const void *b, size_t bytes) {
  const uint8_t *left = a;
  const uint8_t *right = b;
  for (size_t i = 0; i < bytes; i++) {
    if (left[i] != right[i]) {
      return (int)left[i] - (int)right[i];
    }
  }
  return 0;
}
