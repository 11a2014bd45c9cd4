/* convert, portable C. The header states the contract. */
#include "eq_convert.h"

#include "eq_inline.h"

/* Adding and taking away 1.5 * 2^23 leaves no bits behind the point: the float32 addition rounds to even. */
#define TO_WHOLE 12582912.0f
#define FARTHEST 65536.0f

static EQ_INLINE int32_t to_integer(const eq_convert_t *p, float x, int32_t lowest, int32_t highest) {
  const float scaled = eq_clampf(x * p->factor, -FARTHEST, FARTHEST);
  if (!(scaled <= FARTHEST)) { /* no number */
    return highest;
  }
  const int32_t q = (int32_t)((scaled + TO_WHOLE) - TO_WHOLE) + p->zero_point;
  return q < lowest ? lowest : (q > highest ? highest : q);
}

static EQ_INLINE float from_integer(const eq_convert_t *p, int32_t q) { return (float)(q - p->zero_point) * p->factor; }

#define EACH(statement) \
  for (int32_t i = range.begin; i < range.end; i++) { statement; }

EQ_CONVERT_PROTOTYPE(eq_convert_s8_to_f16_scalar, int8_t, eq_f16_t) {
  EACH(eq_f16_store(output + i, from_integer(p, input[i])))
}

EQ_CONVERT_PROTOTYPE(eq_convert_s8_to_f32_scalar, int8_t, float) { EACH(output[i] = from_integer(p, input[i])) }

EQ_CONVERT_PROTOTYPE(eq_convert_s16_to_f16_scalar, int16_t, eq_f16_t) {
  EACH(eq_f16_store(output + i, from_integer(p, input[i])))
}

EQ_CONVERT_PROTOTYPE(eq_convert_s16_to_f32_scalar, int16_t, float) { EACH(output[i] = from_integer(p, input[i])) }

EQ_CONVERT_PROTOTYPE(eq_convert_f16_to_s8_scalar, eq_f16_t, int8_t) {
  EACH(output[i] = (int8_t)to_integer(p, eq_f16_load(input + i), INT8_MIN, INT8_MAX))
}

EQ_CONVERT_PROTOTYPE(eq_convert_f16_to_s16_scalar, eq_f16_t, int16_t) {
  EACH(output[i] = (int16_t)to_integer(p, eq_f16_load(input + i), INT16_MIN, INT16_MAX))
}

EQ_CONVERT_PROTOTYPE(eq_convert_f16_to_f32_scalar, eq_f16_t, float) {
  (void)p;
  EACH(output[i] = eq_f16_load(input + i))
}

EQ_CONVERT_PROTOTYPE(eq_convert_f32_to_s8_scalar, float, int8_t) {
  EACH(output[i] = (int8_t)to_integer(p, input[i], INT8_MIN, INT8_MAX))
}

EQ_CONVERT_PROTOTYPE(eq_convert_f32_to_s16_scalar, float, int16_t) {
  EACH(output[i] = (int16_t)to_integer(p, input[i], INT16_MIN, INT16_MAX))
}

EQ_CONVERT_PROTOTYPE(eq_convert_f32_to_f16_scalar, float, eq_f16_t) {
  (void)p;
  EACH(eq_f16_store(output + i, input[i]))
}
