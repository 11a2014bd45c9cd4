/* What the drivers of this folder share: exact allocations that the sanitizers guard, checks, and random numbers. */
#ifndef ABUSE_H
#define ABUSE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eq_types.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

#define CHECK(condition) \
  do { \
    if (!(condition)) { \
      printf("%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      exit(1); \
    } \
  } while (0)

static uint32_t seed;

static inline uint32_t drawn(uint32_t below) {
  seed = seed * 1664525u + 1013904223u;
  return (uint32_t)((uint64_t)(seed >> 8) * below >> 24);
}

/* Exactly `bytes` (aligned up to 16 by the allocator's own padding, which is guarded as well), filled with noise. */
static inline int8_t *memory_of(size_t bytes) {
  void *memory = NULL;
  CHECK(posix_memalign(&memory, EQ_ARENA_ALIGN, bytes) == 0);
  for (size_t i = 0; i < bytes; i++) {
    ((uint8_t *)memory)[i] = (uint8_t)drawn(256);
  }
  return memory;
}

#endif
