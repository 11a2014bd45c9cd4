/* Types shared by every edgeq kernel, every generated model and every board port.
 *
 * C11, freestanding. All tensors are channels-last (NHWC) with the batch axis of 1 left out. */
#ifndef EQ_TYPES_H
#define EQ_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifndef __cplusplus
/* cppcheck-suppress shiftNegativeLHS ; this is what makes sure of it */
_Static_assert((-3 >> 1) == -2, "the kernels shift negative numbers to the right arithmetically");
#endif

typedef enum {
  EQ_OK = 0,             /* done */
  EQ_AGAIN = 1,          /* a sliced call has more layers to run */
  EQ_ERROR_ARGUMENT = 2, /* a null pointer */
  EQ_ERROR_ARENA = 3,    /* the arena is too small or not aligned to EQ_ARENA_ALIGN */
  EQ_ERROR_STATE = 4,    /* poll without begin */
  EQ_ERROR_STORAGE = 5,  /* the application's storage refused */
  EQ_ERROR_CHECKPOINT = 6, /* no whole checkpoint of this network */
  EQ_ERROR_PARAMETERS = 7, /* trained parameters that are no numbers, or too large for the integers of the model */
  EQ_ERROR_LIBRARY = 8     /* a library that computes layers refused, wants more scratch, or rounds otherwise */
} eq_status_t;

/* Alignment in bytes of an arena and of every tensor in it: one 128-bit vector. */
#define EQ_ARENA_ALIGN 16u

/* Half-open range of work units that one core computes; the unit is stated by each kernel. */
typedef struct {
  int32_t begin;
  int32_t end;
} eq_range_t;

/* The share of `core` (0 .. cores-1) in `units` work units, handed out in whole groups of `granule`
 * (the last group may be short). Loads differ by at most one granule. */
static inline eq_range_t eq_split(int32_t units, int32_t granule, uint32_t core, uint32_t cores) {
  eq_range_t range = {0, units};
  if (cores > 1u) {
    const int32_t groups = (units + granule - 1) / granule;
    range.begin = groups * (int32_t)core / (int32_t)cores * granule;
    range.end = groups * ((int32_t)core + 1) / (int32_t)cores * granule;
    if (range.end > units) {
      range.end = units;
    }
  }
  return range;
}

#endif
