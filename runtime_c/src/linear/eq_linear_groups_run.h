/* The body of the linear kernels with weights of 4 bits in groups. The including file has included
 * eq_narrow4_<isa>.h. */
#include "eq_linear_groups.h"

static EQ_INLINE void linear(const eq_linear_groups_t *p, const int8_t *restrict input, int8_t *restrict output,
                             void *restrict scratch, eq_range_t range, eq_requant_form_t form) {
  const eq_linear_s8_t *const layer = &p->layer;
  const int32_t inputs = layer->in_features, groups = (inputs + p->group - 1) / p->group;
  const int32_t group_bytes = eq_narrow_group_bytes(EQ_INT4, p->group, EQ_NARROW4_WIDTH);
  /* only the last group of a block may be shorter */
  const int32_t last_bytes = eq_narrow_group_bytes(EQ_INT4, inputs - (groups - 1) * p->group, EQ_NARROW4_WIDTH);
  const uint8_t *const packed = layer->weights;
  for (int32_t row = 0; row < layer->rows; row++) {
    int8_t *const y = output + row * layer->out_features;
    const int8_t *const x = eq_narrow4_vector(input + row * inputs, inputs, scratch);
    for (int32_t block = range.begin / 4; 4 * block < range.end; block++) {
      const uint8_t *m = packed + 4 * groups * block;
      const uint8_t *w = packed + p->fields + block * ((groups - 1) * group_bytes + last_bytes);
      int32_t sums[4] = {0, 0, 0, 0};
      for (int32_t k = 0; k < inputs; k += p->group) {
        int32_t part[4];
        const int32_t n = inputs - k < p->group ? inputs - k : p->group;
        eq_narrow4(x + EQ_NARROW4_INPUT_BYTES * k, w, 0, n, EQ_INT4, part);
        for (int32_t i = 0; i < 4; i++) {
          sums[i] += m[i] * part[i];
        }
        m += 4;
        w += group_bytes;
      }
      for (int32_t i = 0; i < 4; i++) {
        const int32_t o = 4 * block + i;
        if (o >= range.begin && o < range.end) {
          y[o] = eq_requantize(sums[i] + layer->bias[o], o, &layer->requant, form);
        }
      }
    }
  }
}

#define EQ_LINEAR_GROUPS_FUNCTIONS(isa)                               \
  EQ_LINEAR_GROUPS_PROTOTYPE(eq_linear_s8_groups_high_##isa) {        \
    linear(p, input, output, scratch, range, EQ_REQUANT_HIGH);        \
  }                                                                   \
  EQ_LINEAR_GROUPS_PROTOTYPE(eq_linear_s8_groups_shift_##isa) {       \
    linear(p, input, output, scratch, range, EQ_REQUANT_SHIFT);       \
  }
