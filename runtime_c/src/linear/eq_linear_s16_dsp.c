/* linear, int16 activations, Armv7E-M DSP, 32-bit sums. The header states the contract, eq_dsp_product_s16.h the matrix
 * product of four rows. */
#include "eq_dsp_product_s16.h"
#include "eq_linear_packed_s16.h"

/* One row, whose elements are whole quads: two channels at a time. */
static EQ_INLINE void one_row(const eq_linear_packed_s16_t *p, const int16_t *x, int32_t quads, int16_t *y,
                              eq_range_t range) {
  const eq_dsp_bounds_s16_t bounds = eq_dsp_bounds_s16(&p->requant);
  const int8_t *w = p->weights + 4 * range.begin * quads;
  for (int32_t o = range.begin; o < range.end; o += 2) {
    const int8_t *at = (const int8_t *)x;
    int32_t even = p->bias[o], odd = p->bias[o + 1];
    for (int32_t quad = quads; quad > 0; quad--) {
      const uint32_t x0 = eq_dsp_load(at), w0 = eq_dsp_load(w), x1 = eq_dsp_load(at + 4), w1 = eq_dsp_load(w + 4);
      even = eq_dsp_smlad(x0, eq_dsp_sxtb16(w0), even);
      odd = eq_dsp_smlad(x0, eq_dsp_sxtb16_ror8(w0), odd);
      even = eq_dsp_smlad(x1, eq_dsp_sxtb16(w1), even);
      odd = eq_dsp_smlad(x1, eq_dsp_sxtb16_ror8(w1), odd);
      at += 8;
      w += 8;
    }
    eq_dsp_put_s16(even, odd, eq_dsp_scale_of_s16(&p->requant, o), eq_dsp_scale_of_s16(&p->requant, o + 1), bounds,
                   y + o, o + 1 < range.end);
  }
}

EQ_LINEAR_PACKED_S16_PROTOTYPE(eq_linear_s16_dsp) {
  const int32_t count = p->in_features, quads = (count + 3) / 4;
  int16_t *const panel = scratch;
  for (int32_t row = 0; row < p->rows; row += EQ_DSP_S16_PIXELS) {
    const int32_t left = p->rows - row, rows = left < EQ_DSP_S16_PIXELS ? left : EQ_DSP_S16_PIXELS;
    int16_t *const y = output + row * p->out_features;
    if (rows == 1) {
      const int16_t *x = input + row * count;
      if (count % 4 != 0) {
        for (int32_t i = 0; i < 4 * quads; i++) {
          panel[i] = i < count ? x[i] : 0;
        }
        x = panel;
      }
      one_row(p, x, quads, y, range);
      continue;
    }
    for (int32_t i = 0; i < rows; i++) {
      eq_dsp_put_panel_s16(panel + 2 * i, 0, input + (row + i) * count, count);
      eq_dsp_put_panel_s16(panel + 2 * i, count, NULL, 4 * quads - count);
    }
    eq_dsp_channels_s16(panel, rows, quads, p->weights, p->bias, &p->requant, range, y, p->out_features);
  }
}
