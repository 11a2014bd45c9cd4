/* Requantization with the fewest instructions of plain RV32IM cores; equal to eq_requantize (eq_requant.h).
 *
 * For EQ_REQUANT_HIGH one high multiply and one addition do the scaling and the zero point:
 *   floor((acc*m + 2^31) / 2^32) + zp = floor((floor(acc*2m / 2^32) + 1 + 2*zp) / 2)
 * as long as |acc| < 2^31 - 2^10, which the bounds on bias and products leave no way to reach. */
#ifndef EQ_RV32IM_REQUANT_H
#define EQ_RV32IM_REQUANT_H

#include "eq_inline.h"
#include "eq_requant.h"

/* What one output channel needs. */
typedef struct {
  uint32_t multiplier; /* doubled for EQ_REQUANT_HIGH */
  int32_t shift;
} eq_scale_t;

/* What all output channels share. */
typedef struct {
  int32_t offset, act_min, act_max;
} eq_output_t;

static EQ_INLINE eq_output_t eq_output_of(const eq_requant_t *q, eq_requant_form_t form) {
  const int32_t zero_point = q->output_zero_point;
  return (eq_output_t){form == EQ_REQUANT_HIGH ? 2 * zero_point + 1 : zero_point, q->act_min, q->act_max};
}

static EQ_INLINE eq_scale_t eq_scale_of(const eq_requant_t *q, int32_t channel, eq_requant_form_t form) {
  const uint32_t m = (uint32_t)q->multiplier[channel];
  return form == EQ_REQUANT_HIGH ? (eq_scale_t){2u * m, 32} : (eq_scale_t){m, q->shift[channel]};
}

static EQ_INLINE int8_t eq_requantize_rv32im(uint32_t acc, eq_scale_t scale, eq_output_t out, eq_requant_form_t form) {
  int32_t y;
  if (form == EQ_REQUANT_HIGH) {
    const int32_t high = (int32_t)(((int64_t)(int32_t)acc * (int64_t)(uint64_t)scale.multiplier) >> 32);
    y = (int32_t)((uint32_t)high + (uint32_t)out.offset) >> 1;
  } else {
    y = eq_scale_acc((int32_t)acc, (int32_t)scale.multiplier, scale.shift, form) + out.offset;
  }
  if (__builtin_expect(y < out.act_min, 0)) {
    y = out.act_min;
  }
  if (__builtin_expect(y > out.act_max, 0)) {
    y = out.act_max;
  }
  return (int8_t)y;
}

#endif
