/* dwconv2d, int8, Armv7E-M DSP: any geometry. The header states the contract, eq_taps.h the pointers.
 *
 * Four channels of a pixel at a time; two taps make the halfword pairs that SMLAD multiplies. */
#include "eq_dsp.h"
#include "eq_taps.h"

/* Sums of channels c .. c+3 over all pairs of taps; `lanes` is 4, or 1 to 3 for the last channels. */
static EQ_INLINE void sum4(const int8_t *const *taps, const uint32_t *weights, int32_t pairs, int32_t c, int32_t lanes,
                           int32_t sums[4]) {
  int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  for (; pairs > 0; pairs--) {
    const uint32_t x = lanes == 4 ? eq_dsp_load(taps[0] + c) : eq_load_tail(taps[0] + c, lanes);
    const uint32_t z = lanes == 4 ? eq_dsp_load(taps[1] + c) : eq_load_tail(taps[1] + c, lanes);
    uint32_t w0, w1;
    taps += 2;
    const uint32_t x02 = eq_dsp_sxtb16(x), z02 = eq_dsp_sxtb16(z);
    EQ_DSP_NEXT2(weights, w0, w1);
    s0 = eq_dsp_smlad(eq_dsp_pack_bottoms(x02, z02), w0, s0);
    s2 = eq_dsp_smlad(eq_dsp_pack_tops(x02, z02), w1, s2);
    const uint32_t x13 = eq_dsp_sxtb16_ror8(x), z13 = eq_dsp_sxtb16_ror8(z);
    EQ_DSP_NEXT2(weights, w0, w1);
    s1 = eq_dsp_smlad(eq_dsp_pack_bottoms(x13, z13), w0, s1);
    s3 = eq_dsp_smlad(eq_dsp_pack_tops(x13, z13), w1, s3);
  }
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
}

static EQ_INLINE int8_t requantize(const eq_dwconv2d_s8_t *p, const eq_dsp_requant_t *q, int32_t sum, int32_t c,
                                   eq_requant_form_t form) {
  return eq_dsp_requantize(sum + p->bias[c], c, q, form);
}

static EQ_INLINE void dwconv2d(const eq_dwconv2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                               void *restrict scratch, eq_range_t range, eq_requant_form_t form) {
  const int32_t channels = p->in_c;
  const int32_t tap_count = p->kernel_h * p->kernel_w;
  const int32_t pairs = (tap_count + 1) / 2;
  const eq_dsp_requant_t q = eq_dsp_requant(&p->requant);
  const int8_t **const taps = scratch;
  int8_t *const outside = (int8_t *)(taps + 2 * pairs);
  for (int32_t c = 0; c < channels; c++) {
    outside[c] = (int8_t)p->input_zero_point;
  }
  taps[2 * pairs - 1] = outside; /* the partner of an odd last tap; its weight is zero */
  for (int32_t pixel = range.begin; pixel < range.end; pixel++) {
    const uint32_t *weights = p->weights;
    int8_t *y = output + pixel * channels;
    int32_t sums[4];
    int32_t c = 0;
    eq_find_taps(p, input, pixel, outside, taps);
    for (; c + 4 <= channels; c += 4) {
      sum4(taps, weights, pairs, c, 4, sums);
      weights += 4 * pairs;
      y[0] = requantize(p, &q, sums[0], c, form);
      y[1] = requantize(p, &q, sums[1], c + 1, form);
      y[2] = requantize(p, &q, sums[2], c + 2, form);
      y[3] = requantize(p, &q, sums[3], c + 3, form);
      y += 4;
    }
    if (c < channels) {
      sum4(taps, weights, pairs, c, channels - c, sums);
      for (int32_t i = 0; c + i < channels; i++) {
        y[i] = requantize(p, &q, sums[i], c + i, form);
      }
    }
  }
}

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_high_dsp) { dwconv2d(p, input, output, scratch, range, EQ_REQUANT_HIGH); }

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_shift_dsp) { dwconv2d(p, input, output, scratch, range, EQ_REQUANT_SHIFT); }

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_tflite_dsp) { dwconv2d(p, input, output, scratch, range, EQ_REQUANT_TFLITE); }

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_line_dsp) { dwconv2d(p, input, output, scratch, range, EQ_REQUANT_LINE); }

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_step_dsp) { dwconv2d(p, input, output, scratch, range, EQ_REQUANT_STEP); }
