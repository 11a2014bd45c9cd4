/* mean, int8: Armv8.1-M MVE, four channels a vector, sixteen side by side. The header states the contract. */
#include "eq_mean.h"
#include "eq_mve.h"

/* Requantizes four sums with the layer's one multiplier and stores those of `lanes`. */
static EQ_INLINE void store(const eq_mean_s8_t *p, int8_t *output, int32x4_t acc, mve_pred16_t lanes,
                            eq_requant_form_t form) {
  const eq_mve_requant_t q = eq_mve_requant(&p->requant);
  vstrbq_p_s32(output, eq_mve_requantize(acc, eq_mve_scale_of(&q, 0, form), &q, form), lanes);
}

static EQ_INLINE void mean(const eq_mean_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                           eq_range_t range, eq_requant_form_t form) {
  const int32_t channels = p->channels;
  const int32x4_t start = vdupq_n_s32(p->bias);
  const mve_pred16_t all = vctp32q(EQ_MVE_LANES);
  int32_t c = range.begin;
  for (; c + EQ_MVE_BLOCK <= range.end; c += EQ_MVE_BLOCK) {
    const int8_t *x = input + c;
    int32x4_t acc0 = start, acc1 = start, acc2 = start, acc3 = start;
    for (int32_t i = p->pixels; i > 0; i--) {
      acc0 = vaddq_s32(acc0, vldrbq_s32(x));
      acc1 = vaddq_s32(acc1, vldrbq_s32(x + 4));
      acc2 = vaddq_s32(acc2, vldrbq_s32(x + 8));
      acc3 = vaddq_s32(acc3, vldrbq_s32(x + 12));
      x += channels;
    }
    store(p, output + c, acc0, all, form);
    store(p, output + c + 4, acc1, all, form);
    store(p, output + c + 8, acc2, all, form);
    store(p, output + c + 12, acc3, all, form);
  }
  for (; c < range.end; c += EQ_MVE_LANES) {
    const mve_pred16_t lanes = vctp32q((uint32_t)(range.end - c));
    const int8_t *x = input + c;
    int32x4_t acc = start;
    for (int32_t i = p->pixels; i > 0; i--) {
      acc = vaddq_s32(acc, vldrbq_z_s32(x, lanes));
      x += channels;
    }
    store(p, output + c, acc, lanes, form);
  }
}

EQ_MEAN_S8_PROTOTYPE(eq_mean_s8_high_mve) { mean(p, input, output, range, EQ_REQUANT_HIGH); }

EQ_MEAN_S8_PROTOTYPE(eq_mean_s8_shift_mve) { mean(p, input, output, range, EQ_REQUANT_SHIFT); }

EQ_MEAN_S8_PROTOTYPE(eq_mean_s8_tflite_mve) { mean(p, input, output, range, EQ_REQUANT_TFLITE); }
