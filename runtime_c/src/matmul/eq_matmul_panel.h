/* matmul, int8, by panels: what its kernels share. A panel of columns of the second operand is brought into the order
 * that the instruction set's matrix product reads weights in, once for all rows that meet it. Then
 *
 *   acc = sum of x * z + offset2 * sum of x + (offset1 * sum of z + inner * offset1 * offset2)
 *
 * where the bracket belongs to a column (`terms`) and offset2 * sum of x to a row. No part leaves int32: inner < 2^15.
 * A kernel defines, before it includes this,
 *
 *   EQ_MATMUL_ROWS      rows that it multiplies at a time
 *   eq_matmul_pack      packs a panel and puts the sums of its columns into `terms`, zeros behind the last column
 *   eq_matmul_rows      products of up to EQ_MATMUL_ROWS rows with a panel, requantized and stored */
#ifndef EQ_MATMUL_PANEL_H
#define EQ_MATMUL_PANEL_H

#include "eq_inline.h"
#include "eq_matmul.h"

/* Columns of a panel, a multiple of four. edgeq/ops/matmul.py knows it. */
enum { EQ_MATMUL_COLUMNS = 32 };

typedef struct {
  const eq_matmul_s8_t *layer;
  const int8_t *z; /* column 0 in the second operand */
  int32_t columns;
  int32_t *terms;  /* EQ_MATMUL_COLUMNS words */
  int8_t *packed;  /* columns brought to a multiple of four times inner brought to a multiple of the block */
  int8_t *rows;    /* memory of the rows that are multiplied */
} eq_matmul_panel_t;

static EQ_INLINE void eq_matmul_pack(const eq_matmul_panel_t *panel);

static EQ_INLINE void eq_matmul_rows(const eq_matmul_panel_t *panel, const int8_t *x, int32_t rows, int8_t *y,
                                     eq_requant_form_t form);

static EQ_INLINE int32_t eq_matmul_fewest(int32_t a, int32_t b) { return a < b ? a : b; }

/* The rows of `range`; `block`: K is packed in multiples of it. */
static EQ_INLINE void eq_matmul_run(const eq_matmul_s8_t *p, const int8_t *input1, const int8_t *input2,
                                    int8_t *restrict output, void *restrict scratch, eq_range_t range, int32_t block,
                                    eq_requant_form_t form) {
  const int32_t inner = p->inner, columns = p->columns, widest = (columns + 3) & ~3;
  eq_matmul_panel_t panel;
  panel.layer = p;
  panel.terms = scratch;
  panel.packed = (int8_t *)scratch + EQ_MATMUL_COLUMNS * (int32_t)sizeof(int32_t);
  panel.rows = panel.packed + eq_matmul_fewest(widest, EQ_MATMUL_COLUMNS) * ((inner + block - 1) / block * block);
  const int32_t both = inner * p->offset1 * p->offset2;
  for (int32_t row = range.begin; row < range.end;) {
    const int32_t batch = row / p->rows;
    const int32_t end = p->batch_stride == 0 ? range.end : eq_matmul_fewest(range.end, (batch + 1) * p->rows);
    for (int32_t n = 0; n < columns; n += EQ_MATMUL_COLUMNS) {
      panel.z = input2 + batch * p->batch_stride + n * p->n_stride;
      panel.columns = eq_matmul_fewest(columns - n, EQ_MATMUL_COLUMNS);
      eq_matmul_pack(&panel);
      for (int32_t i = 0; i < panel.columns; i++) {
        panel.terms[i] = p->offset1 * panel.terms[i] + both;
      }
      for (int32_t r = row; r < end; r += EQ_MATMUL_ROWS) {
        eq_matmul_rows(&panel, input1 + r * inner, eq_matmul_fewest(end - r, EQ_MATMUL_ROWS),
                       output + r * columns + n, form);
      }
    }
    row = end;
  }
}

/* Defines the kernel's three forms. */
#define EQ_MATMUL_S8_FORM(name, block, form) \
  EQ_MATMUL_S8_PROTOTYPE(name) { eq_matmul_run(p, input1, input2, output, scratch, range, block, form); }
#define EQ_MATMUL_S8_KERNELS(isa, block)                                     \
  EQ_MATMUL_S8_FORM(eq_matmul_s8_high_##isa, block, EQ_REQUANT_HIGH)   \
  EQ_MATMUL_S8_FORM(eq_matmul_s8_shift_##isa, block, EQ_REQUANT_SHIFT) \
  EQ_MATMUL_S8_FORM(eq_matmul_s8_tflite_##isa, block, EQ_REQUANT_TFLITE)

#endif
