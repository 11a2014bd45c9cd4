/* dwconv2d, int8, Armv8.1-M MVE: any geometry. The header states the contract, eq_taps.h the pointers.
 *
 * Sixteen channels of a pixel at a time. VMULLB/VMULLT make 16-bit products of the even and odd channels; the products
 * of two taps fit in 16 bits together (2 * 127 * 128 < 2^15) and are then added to 32-bit sums. The sums lie in four
 * vectors, channel c of the sixteen in vector c % 4, lane c / 4; two narrowing steps put them back in order. */
#include "eq_mve.h"
#include "eq_taps.h"

enum { CHANNELS = 16 };

/* Sums of channels 0 4 8 12, 1 5 9 13, 2 6 10 14 and 3 7 11 15. */
typedef struct {
  int32x4_t v0, v1, v2, v3;
} sums_t;

/* Adds 16-bit sums of the even and of the odd channels. */
static EQ_INLINE void widen_add(sums_t *s, int16x8_t even, int16x8_t odd) {
  s->v0 = vaddq_s32(s->v0, vmovlbq_s16(even));
  s->v2 = vaddq_s32(s->v2, vmovltq_s16(even));
  s->v1 = vaddq_s32(s->v1, vmovlbq_s16(odd));
  s->v3 = vaddq_s32(s->v3, vmovltq_s16(odd));
}

static EQ_INLINE void add_taps(sums_t *s, const int8_t *const *taps, const int8_t *weights, int32_t count, int32_t c,
                               mve_pred16_t lanes) {
  for (int32_t pairs = count / 2; pairs > 0; pairs--) {
    int8x16_t x = vldrbq_z_s8(taps[0] + c, lanes), w = vldrbq_s8(weights);
    int16x8_t even = vmullbq_int_s8(x, w), odd = vmulltq_int_s8(x, w);
    x = vldrbq_z_s8(taps[1] + c, lanes);
    w = vldrbq_s8(weights + CHANNELS);
    even = vaddq_s16(even, vmullbq_int_s8(x, w));
    odd = vaddq_s16(odd, vmulltq_int_s8(x, w));
    widen_add(s, even, odd);
    taps += 2;
    weights += 2 * CHANNELS;
  }
  if (count % 2 != 0) {
    const int8x16_t x = vldrbq_z_s8(taps[0] + c, lanes), w = vldrbq_s8(weights);
    widen_add(s, vmullbq_int_s8(x, w), vmulltq_int_s8(x, w));
  }
}

/* Constants of the channels c + part, c + part + 4, .. below `end`. */
static EQ_INLINE int32x4_t every_fourth(const int32_t *values, int32_t c, int32_t end, int32_t part) {
  const mve_pred16_t lanes = vctp32q((uint32_t)((end - c - part + 3) / 4));
  return vldrwq_gather_shifted_offset_z_s32(values + c + part, eq_mve_multiples(4), lanes);
}

static EQ_INLINE int32x4_t every_fourth_shift(const int8_t *values, int32_t c, int32_t end, int32_t part) {
  const mve_pred16_t lanes = vctp32q((uint32_t)((end - c - part + 3) / 4));
  return vldrbq_gather_offset_z_s32(values + c + part, eq_mve_multiples(4), lanes);
}

static EQ_INLINE int32x4_t scale(const eq_mve_requant_t *q, int32x4_t sum, int32_t c, int32_t end, int32_t part,
                                 eq_requant_form_t form) {
  const int32x4_t m = every_fourth(q->multiplier, c, end, part);
  const int32x4_t s = form == EQ_REQUANT_HIGH ? m : every_fourth_shift(q->shift, c, end, part);
  const int32x4_t offset = eq_has_offset(form) ? every_fourth(q->offset, c, end, part) : m;
  return eq_mve_scale(sum, (eq_mve_scale_t){m, s, offset}, form);
}

/* Scaled sums saturate to 16 bits before the zero point is added: |zero point| <= 128, so the clamp sees no
 * difference. */
static EQ_INLINE void store16(const eq_mve_requant_t *q, const sums_t *s, int32_t c, int32_t end, int8_t *y,
                              mve_pred16_t lanes, eq_requant_form_t form) {
  const int16x8_t zero_point = vdupq_n_s16((int16_t)q->zero_point);
  int16x8_t even = vqmovnbq_s32(zero_point, scale(q, s->v0, c, end, 0, form));
  even = vqmovntq_s32(even, scale(q, s->v2, c, end, 2, form));
  int16x8_t odd = vqmovnbq_s32(zero_point, scale(q, s->v1, c, end, 1, form));
  odd = vqmovntq_s32(odd, scale(q, s->v3, c, end, 3, form));
  int8x16_t v = vqmovnbq_s16(vdupq_n_s8(0), vqaddq_s16(even, zero_point));
  v = vqmovntq_s16(v, vqaddq_s16(odd, zero_point));
  v = vminq_s8(vmaxq_s8(v, vdupq_n_s8((int8_t)q->act_min)), vdupq_n_s8((int8_t)q->act_max));
  vstrbq_p_s8(y, v, lanes);
}

static EQ_INLINE void dwconv2d(const eq_dwconv2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                               void *restrict scratch, eq_range_t range, eq_requant_form_t form) {
  const int32_t channels = p->in_c;
  const int32_t tap_count = p->kernel_h * p->kernel_w;
  const eq_mve_requant_t q = eq_mve_requant(&p->requant);
  const int8_t **const taps = scratch;
  int8_t *const outside = (int8_t *)(taps + tap_count);
  for (int32_t c = 0; c < channels; c++) {
    outside[c] = (int8_t)p->input_zero_point;
  }
  for (int32_t pixel = range.begin; pixel < range.end; pixel++) {
    const int8_t *weights = p->weights;
    int8_t *const y = output + pixel * channels;
    eq_find_taps(p, input, pixel, outside, taps);
    for (int32_t c = 0; c < channels; c += CHANNELS) {
      const mve_pred16_t lanes = vctp8q((uint32_t)(channels - c));
      sums_t s = {every_fourth(p->bias, c, channels, 0), every_fourth(p->bias, c, channels, 1),
                  every_fourth(p->bias, c, channels, 2), every_fourth(p->bias, c, channels, 3)};
      add_taps(&s, taps, weights, tap_count, c, lanes);
      store16(&q, &s, c, channels, y + c, lanes, form);
      weights += tap_count * CHANNELS;
    }
  }
}

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_high_mve) { dwconv2d(p, input, output, scratch, range, EQ_REQUANT_HIGH); }

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_shift_mve) { dwconv2d(p, input, output, scratch, range, EQ_REQUANT_SHIFT); }

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_tflite_mve) { dwconv2d(p, input, output, scratch, range, EQ_REQUANT_TFLITE); }

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_line_mve) { dwconv2d(p, input, output, scratch, range, EQ_REQUANT_LINE); }

EQ_DWCONV2D_S8_PROTOTYPE(eq_dwconv2d_s8_step_mve) { dwconv2d(p, input, output, scratch, range, EQ_REQUANT_STEP); }
