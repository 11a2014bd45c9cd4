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
  uint32_t multiplier; /* doubled for EQ_REQUANT_HIGH and EQ_REQUANT_STEP */
  int32_t shift, offset;
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
  if (form == EQ_REQUANT_HIGH) {
    return (eq_scale_t){2u * m, 32, 0};
  }
  const int32_t offset = eq_has_offset(form) ? q->offset[channel] : 0;
  return (eq_scale_t){form == EQ_REQUANT_STEP ? 2u * m : m, q->shift[channel], offset};
}

/* floor(acc * m / 2^32), the high word that the cores multiply for. */
static EQ_INLINE int32_t eq_high_word(uint32_t acc, uint32_t m) {
  return (int32_t)(((int64_t)(int32_t)acc * (int64_t)(uint64_t)m) >> 32);
}

static EQ_INLINE int8_t eq_requantize_rv32im(uint32_t acc, eq_scale_t scale, eq_output_t out, eq_requant_form_t form) {
  int32_t y;
  if (form == EQ_REQUANT_HIGH) {
    y = (int32_t)((uint32_t)eq_high_word(acc, scale.multiplier) + (uint32_t)out.offset) >> 1;
  } else if (form == EQ_REQUANT_LINE) {
    y = (eq_high_word(acc, scale.multiplier) + scale.offset) >> scale.shift;
  } else if (form == EQ_REQUANT_STEP) {
    /* (t + 1) >> 1 is floor((acc * m + 2^30) / 2^31) */
    const int32_t t = eq_high_word(acc << 1, scale.multiplier);
    /* cppcheck-suppress shiftTooManyBitsSigned ; eq_types.h asserts that such shifts are arithmetic */
    y = (((t + 1) >> 1) + ((int32_t)acc >> 31) + scale.offset) >> scale.shift;
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
