/* mean, int8, portable C. The header states the contract. */
#include "eq_inline.h"
#include "eq_mean.h"

static EQ_INLINE void mean(const eq_mean_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                           eq_range_t range, eq_requant_form_t form) {
  const int32_t channels = p->channels;
  const int32_t pixels = p->pixels;
  int32_t c = range.begin;
  /* Four channels at a time: one address computation for four sums. */
  for (; c + 4 <= range.end; c += 4) {
    int32_t acc0 = p->bias, acc1 = p->bias, acc2 = p->bias, acc3 = p->bias;
    const int8_t *x = input + c;
    for (int32_t i = 0; i < pixels; i++) {
      acc0 += x[0];
      acc1 += x[1];
      acc2 += x[2];
      acc3 += x[3];
      x += channels;
    }
    output[c] = eq_requantize(acc0, 0, &p->requant, form);
    output[c + 1] = eq_requantize(acc1, 0, &p->requant, form);
    output[c + 2] = eq_requantize(acc2, 0, &p->requant, form);
    output[c + 3] = eq_requantize(acc3, 0, &p->requant, form);
  }
  for (; c < range.end; c++) {
    int32_t acc = p->bias;
    for (int32_t i = 0; i < pixels; i++) {
      acc += input[i * channels + c];
    }
    output[c] = eq_requantize(acc, 0, &p->requant, form);
  }
}

EQ_MEAN_S8_PROTOTYPE(eq_mean_s8_high_scalar) { mean(p, input, output, range, EQ_REQUANT_HIGH); }

EQ_MEAN_S8_PROTOTYPE(eq_mean_s8_shift_scalar) { mean(p, input, output, range, EQ_REQUANT_SHIFT); }

EQ_MEAN_S8_PROTOTYPE(eq_mean_s8_tflite_scalar) { mean(p, input, output, range, EQ_REQUANT_TFLITE); }
