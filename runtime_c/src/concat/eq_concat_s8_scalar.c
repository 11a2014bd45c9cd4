/* concat, int8, portable C. The header states the contract. */
#include "eq_concat.h"
#include "eq_memory.h"

void eq_concat_s8_scalar(const eq_concat_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                         eq_range_t range) {
  for (int32_t r = range.begin; r < range.end; r++) {
    memcpy(output + r * p->output_inner + p->offset, input + r * p->input_inner, (size_t)p->input_inner);
  }
}
