/* matmul, int8, portable C: two rows times four columns (eq_scalar_block.h), columns by panels (eq_matmul_panel.h).
 * Columns that are contiguous are read where they are. */
#include "eq_scalar_block.h"

enum { EQ_MATMUL_ROWS = 2 };

#include "eq_matmul_panel.h"

static EQ_INLINE int32_t sum_of(const int8_t *x, int32_t n) {
  int32_t sum = 0;
  for (const int8_t *const end = x + n; x != end; x++) {
    sum += *x;
  }
  return sum;
}

static EQ_INLINE void eq_matmul_pack(const eq_matmul_panel_t *panel) {
  const eq_matmul_s8_t *const p = panel->layer;
  int8_t *t = panel->packed;
  for (int32_t n = 0; n < panel->columns; n++) {
    const int8_t *z = panel->z + n * p->n_stride;
    if (p->k_stride == 1) {
      panel->terms[n] = sum_of(z, p->inner);
      continue;
    }
    int32_t sum = 0;
    for (int8_t *const end = t + p->inner; t != end; t++) {
      *t = *z;
      sum += *z;
      z += p->k_stride;
    }
    panel->terms[n] = sum;
  }
}

/* Four sums: `term` added, requantized, stored, as far as there are columns. */
static EQ_INLINE void store(const eq_matmul_s8_t *p, eq_sums_t s, int32_t term, int32_t columns, int8_t *y,
                            eq_requant_form_t form) {
  y[0] = eq_requantize(s.c0 + term, 0, &p->requant, form);
  if (columns > 1) {
    y[1] = eq_requantize(s.c1 + term, 0, &p->requant, form);
  }
  if (columns > 2) {
    y[2] = eq_requantize(s.c2 + term, 0, &p->requant, form);
  }
  if (columns > 3) {
    y[3] = eq_requantize(s.c3 + term, 0, &p->requant, form);
  }
}

static EQ_INLINE void eq_matmul_rows(const eq_matmul_panel_t *panel, const int8_t *x, int32_t rows, int8_t *y,
                                     eq_requant_form_t form) {
  const eq_matmul_s8_t *const p = panel->layer;
  const int32_t inner = p->inner, columns = panel->columns;
  const int8_t *const packed = p->k_stride == 1 ? panel->z : panel->packed;
  const int8_t *const x2 = rows == 2 ? x + inner : x;
  const int32_t term = p->offset2 * sum_of(x, inner), term2 = p->offset2 * sum_of(x2, inner);
  for (int32_t n = 0; n < columns; n += 4) {
    eq_sums_t s = eq_bias_of(panel->terms, n, columns), t = s;
    eq_run2(&s, &t, x, x2, eq_weights_of(packed, n, columns, inner), inner);
    store(p, s, term, columns - n, y + n, form);
    if (rows == 2) {
      store(p, t, term2, columns - n, y + p->columns + n, form);
    }
  }
}

EQ_MATMUL_S8_KERNELS(panel_scalar, 1)
