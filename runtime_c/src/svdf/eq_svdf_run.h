/* The loops of svdf for one element type: define ELEMENT and SVDF(form), a kernel's name, then include. */
#include "eq_inline.h"
#include "eq_svdf.h"

static EQ_INLINE void svdf(const eq_svdf_t *p, const ELEMENT *restrict window, int8_t *restrict output,
                           eq_range_t range, eq_requant_form_t form) {
  const int32_t length = p->length;
  for (int32_t unit = range.begin; unit < range.end; unit++) {
    const ELEMENT *const x = window + unit * length;
    const ELEMENT *const w = (const ELEMENT *)p->weights + unit * length;
    uint32_t acc = (uint32_t)p->bias[unit]; /* wraps */
    for (int32_t i = 0; i < length; i++) {
      acc += (uint32_t)((int32_t)x[i] * (int32_t)w[i]);
    }
    output[unit] = eq_requantize((int32_t)acc, unit, &p->requant, form);
  }
}

EQ_SVDF_PROTOTYPE(SVDF(high), ELEMENT) { svdf(p, window, output, range, EQ_REQUANT_HIGH); }

EQ_SVDF_PROTOTYPE(SVDF(shift), ELEMENT) { svdf(p, window, output, range, EQ_REQUANT_SHIFT); }

EQ_SVDF_PROTOTYPE(SVDF(tflite), ELEMENT) { svdf(p, window, output, range, EQ_REQUANT_TFLITE); }
