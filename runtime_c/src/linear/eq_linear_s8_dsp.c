/* linear, int8, Armv7E-M DSP. The header states the contract; weights as in eq_dsp_panel.h, four channels at a time. */
#include "eq_dot4_dsp.h"
#include "eq_linear.h"

static EQ_INLINE void linear(const eq_linear_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             void *restrict scratch, eq_range_t range, eq_requant_form_t form) {
  const eq_dsp_requant_t q = eq_dsp_requant(&p->requant);
  for (int32_t row = 0; row < p->rows; row++) {
    int8_t *const y = output + row * p->out_features;
    const void *const x = eq_dot4_vector(input + row * p->in_features, p->in_features, scratch);
    for (int32_t group = range.begin & ~3; group < range.end; group += 4) {
      int32_t sums[4];
      eq_dot4(x, p->weights, group / 4, p->in_features, sums);
      for (int32_t i = 0; i < 4; i++) {
        const int32_t o = group + i;
        if (o >= range.begin && o < range.end) {
          y[o] = eq_dsp_requantize(sums[i] + p->bias[o], o, &q, form);
        }
      }
    }
  }
}

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_high_dsp) { linear(p, input, output, scratch, range, EQ_REQUANT_HIGH); }

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_shift_dsp) { linear(p, input, output, scratch, range, EQ_REQUANT_SHIFT); }

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_tflite_dsp) { linear(p, input, output, scratch, range, EQ_REQUANT_TFLITE); }

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_line_dsp) { linear(p, input, output, scratch, range, EQ_REQUANT_LINE); }

EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_step_dsp) { linear(p, input, output, scratch, range, EQ_REQUANT_STEP); }
