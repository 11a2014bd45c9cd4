/* matmul, int8, Armv8.1-M MVE: two rows times four columns (eq_mve_product.h), columns by panels (eq_matmul_panel.h).
 *
 * Columns that are not contiguous are gathered, eight bytes at a time. Rows are read in place if they are whole
 * blocks, else from zero-filled copies; packed columns are zero-filled as well. */
#include "eq_mve_product.h"

enum { EQ_MATMUL_ROWS = 2 };

#include "eq_matmul_panel.h"

enum { BLOCK_BYTES = EQ_MVE_LANES * EQ_MVE_BLOCK };

/* Packs a contiguous column; returns its sum. */
static EQ_INLINE int32_t pack_column(const int8_t *z, int32_t inner, int8_t *t) {
  int32_t sum = 0;
  for (; inner > 0; inner -= EQ_MVE_BLOCK) {
    const int8x16_t bytes = vldrbq_z_s8(z, vctp8q((uint32_t)inner));
    sum = vaddvaq_s8(sum, bytes);
    vstrbq_s8(t, bytes);
    z += EQ_MVE_BLOCK;
    t += BLOCK_BYTES;
  }
  return sum;
}

/* The same for a column whose values are `offsets` apart; `step` is 8 of them. */
static EQ_INLINE int32_t gather_column(const int8_t *z, uint16x8_t offsets, int32_t step, int32_t inner, int8_t *t) {
  int32_t sum = 0;
  for (; inner > 0; inner -= EQ_MVE_BLOCK) {
    const int16x8_t low = vldrbq_gather_offset_z_s16(z, offsets, vctp16q((uint32_t)inner));
    sum = vaddvaq_s16(sum, low);
    vstrbq_s16(t, low);
    z += step;
    int16x8_t high = vdupq_n_s16(0);
    if (inner > 8) {
      high = vldrbq_gather_offset_z_s16(z, offsets, vctp16q((uint32_t)(inner - 8)));
    }
    sum = vaddvaq_s16(sum, high);
    vstrbq_s16(t + 8, high);
    z += step;
    t += BLOCK_BYTES;
  }
  return sum;
}

static EQ_INLINE void eq_matmul_pack(const eq_matmul_panel_t *panel) {
  static const uint16_t lanes[8] = {0, 1, 2, 3, 4, 5, 6, 7};
  const eq_matmul_s8_t *const p = panel->layer;
  const uint16x8_t offsets = vmulq_n_u16(vldrhq_u16(lanes), (uint16_t)p->k_stride);
  const int32_t group_bytes = eq_mve_padded(p->inner) * EQ_MVE_LANES;
  for (int32_t n = 0; n < ((panel->columns + 3) & ~3); n++) {
    /* Columns behind the last are copies of it; nothing reads their sums. */
    const int8_t *const z = panel->z + eq_matmul_fewest(n, panel->columns - 1) * p->n_stride;
    int8_t *const t = panel->packed + n / EQ_MVE_LANES * group_bytes + n % EQ_MVE_LANES * EQ_MVE_BLOCK;
    panel->terms[n] =
        p->k_stride == 1 ? pack_column(z, p->inner, t) : gather_column(z, offsets, 8 * p->k_stride, p->inner, t);
  }
}

static EQ_INLINE int32_t row_sum(const int8_t *x, int32_t blocks) {
  int32_t sum = 0;
  for (; blocks > 0; blocks--) {
    sum = vaddvaq_s8(sum, vldrbq_s8(x));
    x += EQ_MVE_BLOCK;
  }
  return sum;
}

/* One row of the sums: terms added, requantized, stored. */
static EQ_INLINE void store_row(const eq_matmul_panel_t *panel, const eq_mve_requant_t *q, const int32_t *sums,
                                int32_t term, int8_t *y, eq_requant_form_t form) {
  const eq_mve_scale_t k = eq_mve_scale_of(q, 0, form);
  const int32_t *terms = panel->terms;
  for (int32_t columns = panel->columns; columns > 0; columns -= EQ_MVE_LANES) {
    const int32x4_t acc = vaddq_n_s32(vaddq_s32(vldrwq_s32(sums), vldrwq_s32(terms)), term);
    vstrbq_p_s32(y, eq_mve_requantize(acc, k, q, form), vctp32q((uint32_t)columns));
    sums += 2 * EQ_MVE_LANES;
    terms += EQ_MVE_LANES;
    y += EQ_MVE_LANES;
  }
}

static EQ_INLINE void eq_matmul_rows(const eq_matmul_panel_t *panel, const int8_t *x, int32_t rows, int8_t *y,
                                     eq_requant_form_t form) {
  const eq_matmul_s8_t *const p = panel->layer;
  const int32_t padded = eq_mve_padded(p->inner);
  eq_mve_product_t c;
  eq_mve_operands(&c, p->inner, panel->terms, p->columns, &p->requant);
  if (padded != p->inner) {
    for (int32_t i = 0; i < rows; i++) {
      (void)eq_mve_fill(eq_mve_copy(panel->rows + i * padded, x + i * p->inner, p->inner), 0, padded - p->inner);
    }
    x = panel->rows;
  }
  c.x = x;
  c.z = rows == 2 ? x + padded : x;
  c.weights = panel->packed;
  c.groups = (panel->columns + EQ_MVE_LANES - 1) / EQ_MVE_LANES;
  eq_mve_sum2(&c);
  for (int32_t i = 0; i < rows; i++) {
    const int32_t term = p->offset2 == 0 ? 0 : p->offset2 * row_sum(x + i * padded, c.blocks);
    store_row(panel, &c.requant, c.sums + EQ_MVE_LANES * i, term, y + i * p->columns, form);
  }
}

_Static_assert(EQ_MATMUL_COLUMNS <= EQ_MVE_GROUPS * EQ_MVE_LANES, "a panel's sums are made in one call");

EQ_MATMUL_S8_KERNELS(mve, EQ_MVE_BLOCK)
