/* dwconv2d, int8, Xpulp / CORE-V: any geometry. The header states the contract, eq_taps.h the pointers.
 *
 * Four channels of a pixel at a time; four taps, transposed, are the words that the dot product takes. */
#include "eq_taps.h"
#include "eq_xpulp.h"
#include "eq_xpulp_transpose.h"

enum { LANES = 4 };

static EQ_INLINE uint32_t load_lanes(const int8_t *x, int32_t lanes) {
  return lanes == LANES ? eq_xpulp_load(x) : eq_load_tail(x, lanes);
}

/* Sums of channels c .. c+3 over all quads of taps; `lanes` is 4, or 1 to 3 for the last channels. */
static EQ_INLINE void sum4(const int8_t *const *taps, const int8_t *weights, int32_t quads, int32_t c, int32_t lanes,
                           int32_t sums[4]) {
  int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  for (; quads > 0; quads--) {
    const eq_xpulp_words_t x =
        eq_xpulp_transpose(load_lanes(taps[0] + c, lanes), load_lanes(taps[1] + c, lanes),
                           load_lanes(taps[2] + c, lanes), load_lanes(taps[3] + c, lanes));
    taps += 4;
    s0 = eq_xcv_sdotsp_b(s0, x.w0, eq_xpulp_load(weights));
    s1 = eq_xcv_sdotsp_b(s1, x.w1, eq_xpulp_load(weights + 4));
    s2 = eq_xcv_sdotsp_b(s2, x.w2, eq_xpulp_load(weights + 8));
    s3 = eq_xcv_sdotsp_b(s3, x.w3, eq_xpulp_load(weights + 12));
    weights += 16;
  }
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
}

static EQ_INLINE int8_t requantize(const eq_dwconv2d_s8_t *p, const eq_xpulp_requant_t *q, int32_t sum, int32_t c,
                                   eq_requant_form_t form) {
  const int32_t y = eq_xpulp_scale(sum + p->bias[c], eq_xpulp_multiplier(q, c, form), eq_xpulp_shift(q, c, form),
                                   eq_xpulp_offset(q, c, form), form);
  return (int8_t)(q->narrow ? eq_clamp(y, q->act_min, q->act_max) : y);
}

static EQ_INLINE void dwconv2d(const eq_dwconv2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                               void *restrict scratch, eq_range_t range, eq_requant_form_t form) {
  const int32_t channels = p->in_c;
  const int32_t tap_count = p->kernel_h * p->kernel_w;
  const int32_t quads = (tap_count + 3) / 4;
  const eq_xpulp_requant_t q = eq_xpulp_requant(&p->requant);
  const int8_t **const taps = scratch;
  int8_t *const outside = (int8_t *)(taps + 4 * quads);
  (void)eq_xpulp_fill(outside, p->input_zero_point, channels);
  for (int32_t i = tap_count; i < 4 * quads; i++) {
    taps[i] = outside; /* fills the last quad up; the weights are zero */
  }
  for (int32_t pixel = range.begin; pixel < range.end; pixel++) {
    const int8_t *weights = p->weights;
    int8_t *y = output + pixel * channels;
    eq_find_taps(p, input, pixel, outside, taps);
    for (int32_t c = 0; c < channels; c += LANES) {
      int32_t sums[4];
      const int32_t lanes = channels - c < LANES ? channels - c : LANES;
      if (lanes == LANES) {
        sum4(taps, weights, quads, c, LANES, sums);
      } else {
        sum4(taps, weights, quads, c, lanes, sums);
      }
      weights += 16 * quads;
      for (int32_t i = 0; i < lanes; i++) {
        *y++ = requantize(p, &q, sums[i], c + i, form);
      }
    }
  }
}

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_high_xpulp) { dwconv2d(p, input, output, scratch, range, EQ_REQUANT_HIGH); }

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_shift_xpulp) { dwconv2d(p, input, output, scratch, range, EQ_REQUANT_SHIFT); }

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_tflite_xpulp) {
  dwconv2d(p, input, output, scratch, range, EQ_REQUANT_TFLITE);
}

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_line_xpulp) {
  dwconv2d(p, input, output, scratch, range, EQ_REQUANT_LINE);
}

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_step_xpulp) {
  dwconv2d(p, input, output, scratch, range, EQ_REQUANT_STEP);
}
