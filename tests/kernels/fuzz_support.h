/* Random numbers, guarded buffers and failure reports for kernel_fuzz.c. */
#ifndef FUZZ_SUPPORT_H
#define FUZZ_SUPPORT_H

#include <stddef.h>
#include <stdint.h>

#include "eq_port.h"

static uint32_t random_state;

static uint32_t random_bits(void) {
  random_state = random_state * 1664525u + 1013904223u;
  return random_state >> 8;
}

/* low <= value <= high */
static int32_t random_between(int32_t low, int32_t high) {
  return low + (int32_t)(random_bits() % (uint32_t)(high - low + 1));
}

static int32_t random_pick(const int32_t *values, int32_t count) { return values[random_between(0, count - 1)]; }

/* One case's buffers are cut from a pool, 16-byte aligned, with a guard behind each that check_guards() inspects. On
 * the host each buffer is its own allocation of the exact size, so that AddressSanitizer sees every overrun. */
enum { BUFFER_LIMIT = 16, GUARD_BYTES = 32, GUARD_VALUE = 0x5a };

static struct {
  int8_t *start;
  int32_t bytes;
} buffers[BUFFER_LIMIT];
static int32_t buffer_count;

#ifdef EQ_FUZZ_HOST
#include <stdlib.h>

static void *buffer(int32_t bytes) {
  /* malloc aligns to 16; aligned_alloc would round the size up and hide overruns. */
  void *const start = malloc(bytes > 0 ? (size_t)bytes : 1u);
  if (start == NULL) {
    eq_port_exit(3);
  }
  buffers[buffer_count++].start = start;
  return start;
}

static int check_guards(void) { return 1; }

static void release_buffers(void) {
  while (buffer_count > 0) {
    free(buffers[--buffer_count].start);
  }
}
#else
enum { POOL_BYTES = 90 * 1024 };
static _Alignas(16) int8_t pool[POOL_BYTES];
static int32_t pool_used;

static void *buffer(int32_t bytes) {
  int8_t *const start = pool + pool_used;
  const int32_t total = (bytes + GUARD_BYTES + 15) / 16 * 16;
  if (pool_used + total > POOL_BYTES || buffer_count == BUFFER_LIMIT) {
    eq_port_print("fuzz: pool too small\n");
    eq_port_exit(3);
  }
  pool_used += total;
  for (int32_t i = bytes; i < total; i++) {
    start[i] = GUARD_VALUE;
  }
  buffers[buffer_count].start = start;
  buffers[buffer_count++].bytes = bytes;
  return start;
}

static int check_guards(void) {
  for (int32_t b = 0; b < buffer_count; b++) {
    for (int32_t i = 0; i < GUARD_BYTES; i++) {
      if (buffers[b].start[buffers[b].bytes + i] != GUARD_VALUE) {
        return 0;
      }
    }
  }
  return 1;
}

static void release_buffers(void) {
  buffer_count = 0;
  pool_used = 0;
}
#endif

static void print_number(const char *name, int32_t value) {
  char text[16];
  int32_t at = 15;
  uint32_t rest = value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
  text[at] = 0;
  do {
    text[--at] = (char)('0' + rest % 10u);
    rest /= 10u;
  } while (rest != 0u);
  if (value < 0) {
    text[--at] = '-';
  }
  eq_port_print(" ");
  eq_port_print(name);
  eq_port_print("=");
  eq_port_print(text + at);
}

#endif
