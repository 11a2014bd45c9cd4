/* dwconv2d with weights of less than 8 bits: they are unpacked before a kernel of eq_dwconv2d.h runs.
 *
 * Depthwise layers have few weights, so that memory for all of them is no great matter. EQ_INT4, EQ_TERNARY and EQ_POW2: kernels
 * fill up windows with weights of 0, which odd types (eq_narrow.h) don't have.
 *
 * The kernel's own order of weights in elements of 1 or 2 bytes; one packed word holds as many words of it as there are
 * fields in an element: word i in the fields i of all elements, counted from the lowest bits. Built by
 * edgeq/packing/narrow.py: pack_elements. */
#ifndef EQ_DWCONV2D_NARROW_H
#define EQ_DWCONV2D_NARROW_H

#include "eq_dwconv2d.h"
#include "eq_narrow.h"

typedef struct {
  eq_dwconv2d_s8_t layer; /* weights: packed words, 4-byte aligned */
  eq_narrow_t type;
  int32_t element_bytes; /* 1 or 2 */
  int32_t packed_words;
} eq_dwconv2d_narrow_t;

/* The layer with its weights unpacked to `memory`, 4-byte aligned: as many times packed_words as an element has fields. */
eq_dwconv2d_s8_t eq_dwconv2d_unpacked(const eq_dwconv2d_narrow_t *p, void *memory);

#endif
