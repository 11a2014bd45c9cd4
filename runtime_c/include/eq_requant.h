/* The one home of requantization: int32 accumulator -> int8 output.
 *
 * Five forms, chosen when the code is generated. `m`, `s` and `offset` are per output channel:
 *
 *   EQ_REQUANT_HIGH    y = floor((acc * m + 2^31) / 2^32)             single rounding, s = 32 for all channels
 *   EQ_REQUANT_SHIFT   y = floor((acc * m + 2^(s-1)) / 2^s)           single rounding, 1 <= s <= 32 per channel
 *   EQ_REQUANT_TFLITE  y = RDBPOT(SRDHM(acc * 2^max(s,0), m), max(-s,0))
 *                      TensorFlow Lite's double rounding; s is its exponent (negative: right shift)
 *
 *   EQ_REQUANT_LINE    y = (floor(acc * m / 2^32) + offset) >> s                0 <= s <= 30
 *   EQ_REQUANT_STEP    y = (floor((acc * m + 2^30) / 2^31) + offset - (acc < 0 ? 1 : 0)) >> s;  |acc| < 2^30
 *
 * then y += output_zero_point and clamp to [act_min, act_max]. 0 <= m < 2^31. Products are exact in 64 bits.
 * LINE and STEP are cheaper ways to the values of TFLITE (edgeq/lower/requantize.py proves them equal channel by
 * channel): `offset` holds the zero point, output_zero_point is 0, and no sum leaves int32.
 * HIGH is what edgeq's quantizer makes for every scale below 0.5: one rounding high multiply on cores that
 * have it (SMMULR, VRMULH). SHIFT covers scales of 0.5 and up.
 * Sources: SRDHM and RDBPOT as in gemmlowp's fixed-point specification and Jacob et al., arXiv 1712.05877, 2.2. */
#ifndef EQ_REQUANT_H
#define EQ_REQUANT_H

#include <stdint.h>

typedef enum {
  EQ_REQUANT_HIGH,
  EQ_REQUANT_SHIFT,
  EQ_REQUANT_TFLITE,
  EQ_REQUANT_LINE,
  EQ_REQUANT_STEP
} eq_requant_form_t;

typedef struct {
  const int32_t *multiplier; /* one per output channel */
  const int8_t *shift;       /* one per output channel; null for EQ_REQUANT_HIGH */
  int32_t output_zero_point;
  int32_t act_min; /* in output units, -128 <= act_min <= act_max <= 127 */
  int32_t act_max;
  const int32_t *offset; /* one per output channel; null except for EQ_REQUANT_LINE and EQ_REQUANT_STEP */
} eq_requant_t;

/* Whether a form reads `offset` instead of output_zero_point. */
static inline int32_t eq_has_offset(eq_requant_form_t form) {
  return form == EQ_REQUANT_LINE || form == EQ_REQUANT_STEP;
}

/* What is added behind a channel's scaling: its offset or the zero point. */
static inline int32_t eq_offset(const eq_requant_t *q, int32_t channel, eq_requant_form_t form) {
  return eq_has_offset(form) ? q->offset[channel] : q->output_zero_point;
}

static inline int32_t eq_clamp(int32_t value, int32_t low, int32_t high) {
  return value < low ? low : (value > high ? high : value);
}

/* Rounding doubling high multiply: floor((a * b + 2^30) / 2^31). Equal to gemmlowp's sign-dependent nudge with
 * truncating division for every pair; b is a multiplier, so never INT32_MIN and saturation cannot happen. */
static inline int32_t eq_srdhm(int32_t a, int32_t b) {
  return (int32_t)(((int64_t)a * (int64_t)b + ((int64_t)1 << 30)) >> 31);
}

/* Division by 2^exponent, rounding half away from zero; 0 <= exponent <= 31. */
static inline int32_t eq_rdbpot(int32_t value, int32_t exponent) {
  const int32_t mask = (int32_t)(((uint32_t)1 << exponent) - 1u);
  const int32_t remainder = value & mask;
  const int32_t threshold = (mask >> 1) + (value < 0 ? 1 : 0);
  return (value >> exponent) + (remainder > threshold ? 1 : 0);
}

/* acc scaled by (m, s) under `form`, before zero point and clamp. `form` is a compile-time constant. */
static inline int32_t eq_scale_acc(int32_t acc, int32_t m, int32_t s, eq_requant_form_t form) {
  if (form == EQ_REQUANT_HIGH) {
    return (int32_t)(((int64_t)acc * (int64_t)m + ((int64_t)1 << 31)) >> 32);
  }
  if (form == EQ_REQUANT_SHIFT) {
    return (int32_t)(((int64_t)acc * (int64_t)m + ((int64_t)1 << (s - 1))) >> s);
  }
  const int32_t left = s > 0 ? s : 0;
  const int32_t right = s > 0 ? 0 : -s;
  return eq_rdbpot(eq_srdhm((int32_t)((uint32_t)acc << left), m), right);
}

/* acc scaled with what is added to it, before the clamp; `offset` is what eq_offset says. */
static inline int32_t eq_scale_and_offset(int32_t acc, int32_t m, int32_t s, int32_t offset, eq_requant_form_t form) {
  if (form == EQ_REQUANT_LINE) {
    return ((int32_t)(((int64_t)acc * (int64_t)m) >> 32) + offset) >> s;
  }
  if (form == EQ_REQUANT_STEP) {
    /* cppcheck-suppress shiftTooManyBitsSigned ; eq_types.h asserts that such shifts are arithmetic */
    return (eq_srdhm(acc, m) + (offset + (acc >> 31))) >> s;
  }
  return eq_scale_acc(acc, m, s, form) + offset;
}

static inline int8_t eq_requantize(int32_t acc, int32_t channel, const eq_requant_t *q, eq_requant_form_t form) {
  const int32_t s = form == EQ_REQUANT_HIGH ? 32 : q->shift[channel];
  const int32_t y = eq_scale_and_offset(acc, q->multiplier[channel], s, eq_offset(q, channel, form), form);
  return (int8_t)eq_clamp(y, q->act_min, q->act_max);
}

#endif
