/* convert: elements in another type, at least one of the two floating point. Suffixes name the types: s8, s16, f16, f32.
 *
 *   to integers     q = clamp(round(x * factor) + zero_point), factor = 1 / scale, in float32, ties to even; what is no
 *                   number becomes the type's highest integer
 *   from integers   x = (q - zero_point) * factor, factor = scale, in float32
 *   f32 and f16     the nearest number, ties to even; infinite beyond the range
 *
 * Work unit of `range`: elements. Input and output must not overlap. No scratch. */
#ifndef EQ_CONVERT_H
#define EQ_CONVERT_H

#include "eq_float.h"
#include "eq_types.h"

typedef struct {
  float factor;
  int32_t zero_point;
} eq_convert_t;

#define EQ_CONVERT_PROTOTYPE(name, source, target) \
  void name(const eq_convert_t *p, const source *restrict input, target *restrict output, eq_range_t range)

EQ_CONVERT_PROTOTYPE(eq_convert_s8_to_f16_scalar, int8_t, eq_f16_t);
EQ_CONVERT_PROTOTYPE(eq_convert_s8_to_f32_scalar, int8_t, float);
EQ_CONVERT_PROTOTYPE(eq_convert_s16_to_f16_scalar, int16_t, eq_f16_t);
EQ_CONVERT_PROTOTYPE(eq_convert_s16_to_f32_scalar, int16_t, float);
EQ_CONVERT_PROTOTYPE(eq_convert_f16_to_s8_scalar, eq_f16_t, int8_t);
EQ_CONVERT_PROTOTYPE(eq_convert_f16_to_s16_scalar, eq_f16_t, int16_t);
EQ_CONVERT_PROTOTYPE(eq_convert_f16_to_f32_scalar, eq_f16_t, float);
EQ_CONVERT_PROTOTYPE(eq_convert_f32_to_s8_scalar, float, int8_t);
EQ_CONVERT_PROTOTYPE(eq_convert_f32_to_s16_scalar, float, int16_t);
EQ_CONVERT_PROTOTYPE(eq_convert_f32_to_f16_scalar, float, eq_f16_t);

#endif
