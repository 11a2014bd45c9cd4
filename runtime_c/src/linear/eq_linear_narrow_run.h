/* The body of the linear kernels with weights of less than 8 bits. The including file has included eq_narrow4_<isa>.h. */
#include "eq_linear_narrow.h"

static EQ_INLINE void linear(const eq_linear_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             void *restrict scratch, eq_range_t range, eq_narrow_t type, eq_requant_form_t form) {
  for (int32_t row = 0; row < p->rows; row++) {
    int8_t *const y = output + row * p->out_features;
    const void *const x = eq_narrow4_vector(input + row * p->in_features, p->in_features, scratch);
    const int32_t sum = eq_narrow_is_odd(type) ? eq_narrow4_sum(x, p->in_features) : 0;
    for (int32_t group = range.begin & ~3; group < range.end; group += 4) {
      int32_t sums[4];
      eq_narrow4(x, p->weights, group / 4, p->in_features, type, sums);
      for (int32_t i = 0; i < 4; i++) {
        const int32_t o = group + i;
        if (o >= range.begin && o < range.end) {
          y[o] = eq_requantize(sums[i] + sum + p->bias[o], o, &p->requant, form);
        }
      }
    }
  }
}

#define EQ_LINEAR_NARROW_FORMS(type, constant, isa)                        \
  EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_##type##_high_##isa) {               \
    linear(p, input, output, scratch, range, constant, EQ_REQUANT_HIGH);   \
  }                                                                        \
  EQ_LINEAR_S8_PROTOTYPE(eq_linear_s8_##type##_shift_##isa) {              \
    linear(p, input, output, scratch, range, constant, EQ_REQUANT_SHIFT);  \
  }
#define EQ_LINEAR_NARROW_FUNCTIONS(isa)             \
  EQ_LINEAR_NARROW_FORMS(int4, EQ_INT4, isa)        \
  EQ_LINEAR_NARROW_FORMS(int2, EQ_INT2, isa)        \
  EQ_LINEAR_NARROW_FORMS(ternary, EQ_TERNARY, isa)  \
  EQ_LINEAR_NARROW_FORMS(binary, EQ_BINARY, isa)    \
  EQ_LINEAR_NARROW_FORMS(pow2, EQ_POW2, isa)
