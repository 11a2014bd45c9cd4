/* dwconv2d with weights of less than 8 bits: a kernel of eq_dwconv2d.h, whose weights are unpacked before it runs.
 *
 * Depthwise layers have few weights, so that memory for all of them is no great matter: `scratch` holds `words` times as
 * many words as are packed, and behind them what the kernel needs, 16-byte aligned. EQ_INT4 and EQ_TERNARY: kernels fill
 * up windows with weights of 0, which odd types (eq_narrow.h) don't have.
 *
 * `p->weights`: packed words, 4-byte aligned. The kernel's own order of weights in elements of 1 or 2 bytes; one packed
 * word holds as many words of it as there are fields in an element: word i in the fields i of all elements, counted from
 * the lowest bits. Built by edgeq/packing/narrow.py: pack_elements. */
#ifndef EQ_DWCONV2D_NARROW_H
#define EQ_DWCONV2D_NARROW_H

#include "eq_dwconv2d.h"
#include "eq_narrow.h"

typedef struct {
  const eq_dwconv2d_s8_t *layer;
  eq_conv2d_s8_kernel_t kernel;
  eq_narrow_t type;
  int32_t element_bytes; /* 1 or 2 */
  int32_t packed_words;
} eq_dwconv2d_narrow_t;

/* `range` as the kernel has it; the output may lie over the input where the kernel allows that. */
void eq_dwconv2d_narrow(const eq_dwconv2d_narrow_t *p, const int8_t *input, int8_t *output,
                        void *scratch, eq_range_t range);

#endif
