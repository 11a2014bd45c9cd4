/* matmul, int8, Armv7E-M DSP: four rows times two columns (eq_dsp_panel.h), columns by panels (eq_matmul_panel.h).
 *
 * Of a pair of columns the even one is stored with 128 added, so that it needs no sign: even + 128 + 256 * odd fits a
 * halfword whatever the two are, which even + 256 * odd does not for -128. Bytes of both side by side are that
 * halfword. A row's term for even columns takes the 128 back. */
#include "eq_dsp_panel.h"

enum { EQ_MATMUL_ROWS = EQ_DSP_PANEL_PIXELS };

#include "eq_matmul_panel.h"

/* The odd column's part of the sum stays below 2^23 for 64 * 4 * 128 * 128. */
enum { DRAIN_QUADS = 64, LANES = 4 };

EQ_DSP_MULTIPLY(multiply, "uxtb16")

static const uint32_t ones = 0x00010001u, evens = 0x00ff00ffu, even_signs = 0x00800080u;

/* A quad of four columns in the order of eq_dsp_panel.h: for pairs 0 and 1, bytes 0 and 2, then 1 and 3. */
typedef struct {
  uint32_t w[4];
} quad_t;

/* From a word of each column. */
static EQ_INLINE quad_t of_columns(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  return (quad_t){{(a & evens) | (b & evens) << 8, (a >> 8 & evens) | (b & ~evens), (c & evens) | (d & evens) << 8,
                   (c >> 8 & evens) | (d & ~evens)}};
}

/* From a word of each of four steps, whose bytes are the columns. */
static EQ_INLINE quad_t of_steps(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  return (quad_t){{eq_dsp_pack_bottoms(a, c), eq_dsp_pack_bottoms(b, d), eq_dsp_pack_tops(a, c),
                   eq_dsp_pack_tops(b, d)}};
}

/* Four values of each of `columns` (up to four) columns, as far as there are `steps` of them; zeros elsewhere. */
static quad_t edge(const eq_matmul_s8_t *p, const int8_t *z, int32_t columns, int32_t steps) {
  uint32_t words[LANES] = {0, 0, 0, 0};
  for (int32_t i = 0; i < columns; i++) {
    for (int32_t k = 0; k < steps && k < 4; k++) {
      words[i] |= (uint32_t)(uint8_t)z[i * p->n_stride + k * p->k_stride] << 8 * k;
    }
  }
  return of_columns(words[0], words[1], words[2], words[3]);
}

/* Stores a pair's two words; adds up the even column with its 128s, and that + 256 * the odd one. */
static EQ_INLINE void put_pair(uint32_t *t, uint32_t first, uint32_t second, int32_t *even, int32_t *mixed) {
  first ^= even_signs;
  second ^= even_signs;
  t[0] = first;
  t[1] = second;
  *even = eq_dsp_smlad(first & evens, ones, eq_dsp_smlad(second & evens, ones, *even));
  *mixed = eq_dsp_smlad(first, ones, eq_dsp_smlad(second, ones, *mixed));
}

static EQ_INLINE void eq_matmul_pack(const eq_matmul_panel_t *panel) {
  const eq_matmul_s8_t *const p = panel->layer;
  const int32_t inner = p->inner, quads = (inner + 3) / 4, stride = p->k_stride == 1 ? p->n_stride : p->k_stride;
  uint32_t *t = (uint32_t *)(void *)panel->packed;
  for (int32_t n = 0; n < panel->columns; n += LANES) {
    const int8_t *z = panel->z + n * p->n_stride;
    const int32_t columns = eq_matmul_fewest(panel->columns - n, LANES);
    int32_t even0 = 0, even1 = 0, mixed0 = 0, mixed1 = 0;
    for (int32_t k = inner; k > 0; k -= 4) {
      quad_t q;
      if (columns < LANES || k < 4) {
        q = edge(p, z, columns, k);
      } else {
        const uint32_t a = eq_dsp_load(z), b = eq_dsp_load(z + stride), c = eq_dsp_load(z + 2 * stride);
        const uint32_t d = eq_dsp_load(z + 3 * stride);
        q = p->k_stride == 1 ? of_columns(a, b, c, d) : of_steps(a, b, c, d);
      }
      z += 4 * p->k_stride;
      put_pair(t, q.w[0], q.w[1], &even0, &mixed0);
      put_pair(t + 2 * quads, q.w[2], q.w[3], &even1, &mixed1);
      t += 2;
    }
    t += 2 * quads;
    panel->terms[n] = even0 - 128 * 4 * quads;
    panel->terms[n + 1] = eq_dsp_drain(0, mixed0, even0);
    panel->terms[n + 2] = even1 - 128 * 4 * quads;
    panel->terms[n + 3] = eq_dsp_drain(0, mixed1, even1);
  }
}

/* The sum of a widened row. */
static EQ_INLINE int32_t row_sum(const uint32_t *column, int32_t quads) {
  int32_t sum = 0;
  for (; quads > 0; quads--) {
    sum = eq_dsp_smlad(column[0], ones, eq_dsp_smlad(column[EQ_DSP_PANEL_PIXELS], ones, sum));
    column += EQ_DSP_PANEL_WORDS;
  }
  return sum;
}

static EQ_INLINE void eq_matmul_rows(const eq_matmul_panel_t *panel, const int8_t *x, int32_t rows, int8_t *y,
                                     eq_requant_form_t form) {
  const eq_matmul_s8_t *const p = panel->layer;
  const int32_t inner = p->inner, quads = (inner + 3) / 4;
  uint32_t *const widened = (uint32_t *)(void *)panel->rows;
  int32_t even_terms[EQ_MATMUL_ROWS], odd_terms[EQ_MATMUL_ROWS];
  int8_t *out[EQ_MATMUL_ROWS];
  for (int32_t i = 0; i < EQ_MATMUL_ROWS; i++) { /* a missing row repeats the last */
    const int32_t row = eq_matmul_fewest(i, rows - 1);
    (void)eq_dsp_widen(x + row * inner, inner, widened + i);
    const int32_t sum = row_sum(widened + i, quads);
    even_terms[i] = (p->offset2 - 128) * sum;
    odd_terms[i] = p->offset2 * sum;
    out[i] = y + row * p->columns;
  }
  eq_dsp_product_t c; /* filled member by member: an initializer would clear the sums first */
  c.panel = widened;
  c.weights = (const uint32_t *)(const void *)panel->packed;
  c.quads = quads;
  c.count = (quads - 1) % DRAIN_QUADS + 1;
  c.requant = eq_dsp_requant(&p->requant);
  const eq_dsp_scale_t k = eq_dsp_scale_of(&c.requant, 0, form);
  for (int32_t n = 0; n < panel->columns; n += 2) {
    const int32_t even = panel->terms[n], odd = panel->terms[n + 1];
    for (int32_t i = 0; i < EQ_MATMUL_ROWS; i++) {
      c.sums[i] = even + even_terms[i];
      c.sums[EQ_MATMUL_ROWS + i] = odd + odd_terms[i];
    }
    eq_dsp_sum(&c, DRAIN_QUADS, multiply);
    for (int32_t i = 0; i < EQ_MATMUL_ROWS; i++) {
      int32_t values[2] = {eq_dsp_scale_saturate(c.sums[i], k, form),
                           eq_dsp_scale_saturate(c.sums[EQ_MATMUL_ROWS + i], k, form)};
      if (c.requant.narrow) {
        values[0] = eq_clamp(values[0], c.requant.act_min, c.requant.act_max);
        values[1] = eq_clamp(values[1], c.requant.act_min, c.requant.act_max);
      }
      eq_dsp_put(out[i] + n, values[0], values[1], n + 1 < panel->columns);
    }
  }
}

EQ_MATMUL_S8_KERNELS(dsp, 4)
