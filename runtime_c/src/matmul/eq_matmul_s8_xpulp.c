/* matmul, int8, Xpulp / CORE-V: four rows times four columns (eq_xpulp_block.h), columns by panels (eq_matmul_panel.h).
 *
 * A second operand whose columns are not contiguous is transposed four words at a time. */
#include "eq_xpulp_block.h"
#include "eq_xpulp_transpose.h"

enum { EQ_MATMUL_ROWS = EQ_XPULP_PIXELS };

#include "eq_matmul_panel.h"

static const uint32_t ones = 0x01010101u;

/* Four values of each of `columns` (up to four) columns, as far as there are `steps` of them; zeros elsewhere. */
static eq_xpulp_words_t edge(const eq_matmul_s8_t *p, const int8_t *z, int32_t columns, int32_t steps) {
  uint32_t words[4] = {0, 0, 0, 0};
  for (int32_t i = 0; i < columns; i++) {
    for (int32_t k = 0; k < steps && k < 4; k++) {
      words[i] |= (uint32_t)(uint8_t)z[i * p->n_stride + k * p->k_stride] << 8 * k;
    }
  }
  return (eq_xpulp_words_t){words[0], words[1], words[2], words[3]};
}

static EQ_INLINE void eq_matmul_pack(const eq_matmul_panel_t *panel) {
  const eq_matmul_s8_t *const p = panel->layer;
  const int32_t inner = p->inner, stride = p->k_stride == 1 ? p->n_stride : p->k_stride;
  int8_t *t = panel->packed;
  for (int32_t n = 0; n < panel->columns; n += EQ_XPULP_LANES) {
    const int8_t *z = panel->z + n * p->n_stride;
    const int32_t columns = eq_matmul_fewest(panel->columns - n, EQ_XPULP_LANES);
    eq_xpulp_sums_t sums = {0, 0, 0, 0};
    for (int32_t k = inner; k > 0; k -= 4) {
      eq_xpulp_words_t w;
      if (columns < EQ_XPULP_LANES || k < 4) {
        w = edge(p, z, columns, k);
      } else {
        w = (eq_xpulp_words_t){eq_xpulp_load(z), eq_xpulp_load(z + stride), eq_xpulp_load(z + 2 * stride),
                               eq_xpulp_load(z + 3 * stride)};
        if (p->k_stride != 1) {
          w = eq_xpulp_transpose(w.w0, w.w1, w.w2, w.w3);
        }
      }
      z += 4 * p->k_stride;
      sums = eq_xpulp_dot(sums, ones, w.w0, w.w1, w.w2, w.w3);
      EQ_XPULP_PUT(t, w.w0);
      EQ_XPULP_PUT(t, w.w1);
      EQ_XPULP_PUT(t, w.w2);
      EQ_XPULP_PUT(t, w.w3);
    }
    panel->terms[n] = sums.c0;
    panel->terms[n + 1] = sums.c1;
    panel->terms[n + 2] = sums.c2;
    panel->terms[n + 3] = sums.c3;
  }
}

static EQ_INLINE int32_t row_sum(const int8_t *x, int32_t quads) {
  int32_t sum = 0;
  for (const int8_t *const end = x + 4 * quads; x != end;) {
    uint32_t word;
    EQ_XPULP_NEXT(word, x);
    sum = eq_xcv_sdotsp_b(sum, word, ones);
  }
  return sum;
}

/* One row of the sums: `term` added, requantized, stored. */
static EQ_INLINE void store_row(const eq_xpulp_requant_t *q, const int32_t *sums, int32_t term, int32_t columns,
                                int8_t *y, eq_requant_form_t form) {
  const uint32_t m1 = eq_xpulp_multiplier(q, 0, form);
  const int32_t s1 = eq_xpulp_shift(q, 0, form), o1 = q->zero_point;
  const uint32_t m[4] = {m1, m1, m1, m1};
  const int32_t shift[4] = {s1, s1, s1, s1}, offset[4] = {o1, o1, o1, o1};
  for (; columns > 0; columns -= EQ_XPULP_LANES) {
    const int32_t acc[4] = {sums[0] + term, sums[1] + term, sums[2] + term, sums[3] + term};
    uint32_t bytes = eq_xpulp_requantize4(acc, m, shift, offset, form);
    if (q->narrow) {
      bytes = eq_xcv_min_b(eq_xcv_max_b(bytes, q->act_mins), q->act_maxs);
    }
    if (columns >= EQ_XPULP_LANES) {
      EQ_XPULP_PUT(y, bytes);
    } else {
      for (int32_t i = 0; i < columns; i++) {
        *y++ = (int8_t)(bytes >> 8 * i);
      }
    }
    sums += EQ_XPULP_PIXELS * EQ_XPULP_LANES;
  }
}

static EQ_INLINE void eq_matmul_rows(const eq_matmul_panel_t *panel, const int8_t *x, int32_t rows, int8_t *y,
                                     eq_requant_form_t form) {
  const eq_matmul_s8_t *const p = panel->layer;
  const int32_t inner = p->inner, quads = (inner + 3) / 4, last = rows - 1;
  int32_t pitch = inner;
  if ((inner & 3) != 0) {
    pitch = 4 * quads;
    for (int32_t i = 0; i < rows; i++) {
      (void)eq_xpulp_fill(eq_xpulp_copy(panel->rows + i * pitch, x + i * inner, inner), 0, pitch - inner);
    }
    x = panel->rows;
  }
  eq_xpulp_block_t c;
  c.x0 = x;
  c.x1 = x + eq_matmul_fewest(1, last) * pitch;
  c.x2 = x + eq_matmul_fewest(2, last) * pitch;
  c.x3 = x + eq_matmul_fewest(3, last) * pitch;
  c.weights = panel->packed;
  c.quads = quads;
  c.groups = (panel->columns + EQ_XPULP_LANES - 1) / EQ_XPULP_LANES;
  c.bias = panel->terms;
  eq_xpulp_sum(&c);
  const eq_xpulp_requant_t q = eq_xpulp_requant(&p->requant);
  for (int32_t i = 0; i < rows; i++) {
    const int32_t term = p->offset2 == 0 ? 0 : p->offset2 * row_sum(x + i * pitch, quads);
    store_row(&q, c.sums + EQ_XPULP_LANES * i, term, panel->columns, y + i * p->columns, form);
  }
}

_Static_assert(EQ_MATMUL_COLUMNS <= EQ_XPULP_GROUPS * EQ_XPULP_LANES, "a panel's sums are made in one call");

EQ_MATMUL_S8_KERNELS(xpulp, 4)
