/* concat, int8: copies one input into its slot of the output; one call an input.
 *
 *   output[r*output_inner + offset + i] = input[r*input_inner + i],  0 <= r < outer, 0 <= i < input_inner
 *
 * For channel concatenation `outer` is the number of pixels and the inner sizes are channels. All inputs share the
 * output's scale and zero point. Work unit of `range`: outer rows. No scratch. Input and output must not overlap. */
#ifndef EQ_CONCAT_H
#define EQ_CONCAT_H

#include "eq_types.h"

typedef struct {
  int32_t outer;
  int32_t input_inner;  /* bytes */
  int32_t output_inner; /* bytes */
  int32_t offset;       /* bytes; offset + input_inner <= output_inner */
} eq_concat_s8_t;

void eq_concat_s8_scalar(const eq_concat_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                         eq_range_t range);

#endif
