/* The matrix product of the MVE kernels: two pixels times four output channels, 16 filter bytes at a time.
 *
 * Weights: [group of 4 channels][block of 16 bytes][4 channels][16 bytes]. The sums of a few groups go to memory and
 * are requantized from there, four at a time. VMLADAVA sums into even registers only: eight sums take them all (LR with
 * them, so no low-overhead loop), and a compiler given that task shuffles and spills: hence the assembly. */
#ifndef EQ_MVE_PRODUCT_H
#define EQ_MVE_PRODUCT_H

#include <stddef.h>

#include "eq_mve.h"

enum { EQ_MVE_GROUPS = 16 /* groups whose sums are in memory at a time */ };

/* A matrix product's operands. The assembly in eq_mve_sum2 knows the first six members. */
typedef struct {
  const int8_t *x, *z; /* filter bytes of the two pixels, whole blocks */
  const int8_t *weights; /* advances */
  int32_t blocks;
  int32_t groups;
  int32_t sums[EQ_MVE_GROUPS * 2 * EQ_MVE_LANES]; /* [groups][2 pixels][4 channels] */
  const int32_t *bias;
  int8_t *y;     /* channel 0 of the first pixel */
  int32_t pitch; /* to the second pixel */
  eq_mve_requant_t requant;
} eq_mve_product_t;

_Static_assert(offsetof(eq_mve_product_t, weights) == 8 && offsetof(eq_mve_product_t, blocks) == 12 &&
                   offsetof(eq_mve_product_t, groups) == 16 && offsetof(eq_mve_product_t, sums) == 20,
               "the assembly in eq_mve_sum2 relies on these offsets");

/* 16 filter bytes of two pixels and four channels: 14 instructions for 128 products. `op` is VMLADAV for the first
 * block of a sum, VMLADAVA for the others. */
#define EQ_MVE_SUM2_BLOCK(op)      \
  "vldrb.8 q2, [r5], #64\n\t"      \
  "vldrb.8 q0, [r1], #16\n\t"      \
  "vldrb.8 q1, [r3], #16\n\t"      \
  op " r0, q0, q2\n\t"             \
  "vldrb.8 q3, [r5, #-48]\n\t"     \
  op " r8, q1, q2\n\t"             \
  "vldrb.8 q2, [r5, #-32]\n\t"     \
  op " r2, q0, q3\n\t"             \
  op " r10, q1, q3\n\t"            \
  "vldrb.8 q3, [r5, #-16]\n\t"     \
  op " r4, q0, q2\n\t"             \
  op " r12, q1, q2\n\t"            \
  op " r6, q0, q3\n\t"             \
  op " lr, q1, q3\n\t"

/* Sums of c->groups groups for two pixels; c->weights moves on. Two blocks a turn after the first; an odd number of
 * them enters the loop in its middle. */
__attribute__((naked, noinline)) static void eq_mve_sum2(eq_mve_product_t *c __attribute__((unused))) {
  __asm__ volatile(
      "push {r4-r11, lr}\n\t"
      "ldrd r4, r6, [r0]\n\t"
      "ldrd r5, r8, [r0, #8]\n\t"
      "ldr r9, [r0, #16]\n\t"
      "add r11, r0, #20\n\t"
      "sub r8, #1\n\t" /* blocks after the first */
      "push {r0, r4, r6, r8}\n"
      "1:\n\t"
      "ldr r1, [sp, #4]\n\t"
      "ldrd r3, r7, [sp, #8]\n\t" EQ_MVE_SUM2_BLOCK("vmladav.s8")
      "cbz r7, 4f\n\t"
      "tst r7, #1\n\t"
      "bne 3f\n"
      "2:\n\t" EQ_MVE_SUM2_BLOCK("vmladava.s8")
      "3:\n\t" EQ_MVE_SUM2_BLOCK("vmladava.s8")
      "subs r7, #2\n\t"
      "bgt 2b\n"
      "4:\n\t"
      "stm r11!, {r0, r2, r4, r6, r8, r10, r12, lr}\n\t"
      "subs r9, #1\n\t"
      "bne 1b\n\t"
      "pop {r0, r4, r6, r8}\n\t"
      "str r5, [r0, #8]\n\t"
      "pop {r4-r11, pc}");
}

/* The same for one pixel; the second pixel's sums are left alone. */
static EQ_INLINE void eq_mve_sum1(eq_mve_product_t *c) {
  const int8_t *weights = c->weights;
  int32_t *sums = c->sums;
  for (int32_t group = c->groups; group > 0; group--) {
    const int8_t *x = c->x;
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (int32_t block = c->blocks; block > 0; block--) {
      const int8x16_t v = vldrbq_s8(x);
      s0 = vmladavaq_s8(s0, v, vldrbq_s8(weights));
      s1 = vmladavaq_s8(s1, v, vldrbq_s8(weights + 16));
      s2 = vmladavaq_s8(s2, v, vldrbq_s8(weights + 32));
      s3 = vmladavaq_s8(s3, v, vldrbq_s8(weights + 48));
      x += EQ_MVE_BLOCK;
      weights += EQ_MVE_LANES * EQ_MVE_BLOCK;
    }
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
    sums += 2 * EQ_MVE_LANES;
  }
  c->weights = weights;
}

/* Requantizes and stores the sums of whole groups from channel o on. The two pixels of a group share the narrow half of
 * the work: the first one's values in the bottom halves of a vector's words, the second one's in the top halves.
 * Saturation to 16 bits does no harm before a clamp to 8. No predicates here: GCC moves them around a lot. */
static EQ_INLINE void eq_mve_store_groups(const eq_mve_product_t *c, int32_t o, int32_t groups, int32_t pixels,
                                          eq_requant_form_t form) {
  const eq_mve_requant_t q = c->requant;
  const int16x8_t zero_point = vdupq_n_s16((int16_t)q.zero_point);
  const int16x8_t low = vdupq_n_s16((int16_t)q.act_min), high = vdupq_n_s16((int16_t)q.act_max);
  const int32_t *sums = c->sums, *bias = c->bias + o, *multiplier = q.multiplier + o;
  const int8_t *shift = form == EQ_REQUANT_HIGH ? NULL : q.shift + o;
  const int32_t *offset = eq_has_offset(form) ? q.offset + o : NULL;
  int8_t *y = c->y + o, *y2 = y + c->pitch;
  for (; groups > 0; groups--) {
    const int32x4_t b = vldrwq_s32(bias), m = vldrwq_s32(multiplier);
    const eq_mve_scale_t k = {m, form == EQ_REQUANT_HIGH ? b : vldrbq_s32(shift),
                              eq_has_offset(form) ? vldrwq_s32(offset) : b};
    const int32x4_t sums2 = pixels == 2 ? vldrwq_s32(sums + EQ_MVE_LANES) : b;
    int16x8_t halves = eq_mve_narrow(eq_mve_scale(vaddq_s32(vldrwq_s32(sums), b), k, form));
    if (pixels == 2) {
      halves = vqmovntq_s32(halves, eq_mve_scale(vaddq_s32(sums2, b), k, form));
    }
    halves = vminq_s16(vmaxq_s16(vqaddq_s16(halves, zero_point), low), high);
    vstrbq_s32(y, (int32x4_t)halves);
    if (pixels == 2) {
      vstrbq_s32(y2, vshrq_n_s32((int32x4_t)halves, 16));
      y2 += EQ_MVE_LANES;
    }
    sums += 2 * EQ_MVE_LANES;
    bias += EQ_MVE_LANES;
    multiplier += EQ_MVE_LANES;
    y += EQ_MVE_LANES;
    if (form != EQ_REQUANT_HIGH) {
      shift += EQ_MVE_LANES;
    }
    if (eq_has_offset(form)) {
      offset += EQ_MVE_LANES;
    }
  }
}

/* Those of the channels o .. o+3 of one pixel that lie in `range`. */
static EQ_INLINE void eq_mve_store_part(const eq_mve_product_t *c, const int32_t *sums, int32_t o, eq_range_t range,
                                        int8_t *y, eq_requant_form_t form) {
  mve_pred16_t lanes = vctp32q((uint32_t)(range.end - o));
  if (o < range.begin) {
    lanes = (mve_pred16_t)(lanes & (0xffffu << 4 * (range.begin - o)));
  }
  const int32x4_t b = vldrwq_z_s32(c->bias + o, lanes), m = vldrwq_z_s32(c->requant.multiplier + o, lanes);
  const eq_mve_scale_t k = {m, form == EQ_REQUANT_HIGH ? b : vldrbq_z_s32(c->requant.shift + o, lanes),
                            eq_has_offset(form) ? vldrwq_z_s32(c->requant.offset + o, lanes) : b};
  vstrbq_p_s32(y + o, eq_mve_requantize(vaddq_s32(vldrwq_s32(sums), b), k, &c->requant, form), lanes);
}

/* Output channels [range.begin, range.end) of `pixels` (1 or 2, a compile-time constant) pixels; `weights` are those of
 * channel 0, and c->weights, groups and sums are set here. */
static EQ_INLINE void eq_mve_product(eq_mve_product_t *c, const int8_t *weights, eq_range_t range, int32_t pixels,
                                     eq_requant_form_t form) {
  int32_t o = range.begin & ~(EQ_MVE_LANES - 1);
  c->weights = weights + o * c->blocks * EQ_MVE_BLOCK;
  while (o < range.end) {
    const int32_t whole = o < range.begin ? 0 : (range.end - o) / EQ_MVE_LANES;
    c->groups = whole < 1 ? 1 : whole < EQ_MVE_GROUPS ? whole : EQ_MVE_GROUPS;
    if (pixels == 2) {
      eq_mve_sum2(c);
    } else {
      eq_mve_sum1(c);
    }
    if (whole > 0) {
      eq_mve_store_groups(c, o, c->groups, pixels, form);
    } else {
      eq_mve_store_part(c, c->sums, o, range, c->y, form);
      if (pixels == 2) {
        eq_mve_store_part(c, c->sums + EQ_MVE_LANES, o, range, c->y + c->pitch, form);
      }
    }
    o += c->groups * EQ_MVE_LANES;
  }
}

/* Copies `bytes` bytes, not more: to bring a pixel to whole blocks, or a run into a patch. Returns target + bytes. */
static EQ_INLINE int8_t *eq_mve_copy(int8_t *target, const int8_t *source, int32_t bytes) {
  for (; bytes >= EQ_MVE_BLOCK; bytes -= EQ_MVE_BLOCK) {
    vstrbq_s8(target, vldrbq_s8(source));
    source += EQ_MVE_BLOCK;
    target += EQ_MVE_BLOCK;
  }
  if (bytes > 0) {
    const mve_pred16_t lanes = vctp8q((uint32_t)bytes);
    vstrbq_p_s8(target, vldrbq_z_s8(source, lanes), lanes);
  }
  return target + bytes;
}

static EQ_INLINE int8_t *eq_mve_fill(int8_t *target, int32_t value, int32_t bytes) {
  const int8x16_t values = vdupq_n_s8((int8_t)value);
  for (; bytes >= EQ_MVE_BLOCK; bytes -= EQ_MVE_BLOCK) {
    vstrbq_s8(target, values);
    target += EQ_MVE_BLOCK;
  }
  if (bytes > 0) {
    vstrbq_p_s8(target, values, vctp8q((uint32_t)bytes));
  }
  return target + bytes;
}

static EQ_INLINE int32_t eq_mve_padded(int32_t bytes) { return (bytes + EQ_MVE_BLOCK - 1) & ~(EQ_MVE_BLOCK - 1); }

/* Fills `c` for a product whose filter has `bytes` bytes; x, z and y are the caller's. */
static EQ_INLINE void eq_mve_operands(eq_mve_product_t *c, int32_t bytes, const int32_t *bias, int32_t pitch,
                                      const eq_requant_t *requant) {
  c->blocks = eq_mve_padded(bytes) / EQ_MVE_BLOCK;
  c->bias = bias;
  c->pitch = pitch;
  c->requant = eq_mve_requant(requant);
}

/* One or two rows of `bytes` bytes, read in place if they are whole blocks, else from a zero-filled copy. */
static EQ_INLINE void eq_mve_rows_product(eq_mve_product_t *c, const int8_t *x, int32_t bytes, const int8_t *weights,
                                          int8_t *scratch, eq_range_t channels, int32_t rows, eq_requant_form_t form) {
  const int32_t padded = eq_mve_padded(bytes);
  c->x = x;
  if (bytes != padded) {
    for (int32_t i = 0; i < rows; i++) {
      (void)eq_mve_fill(eq_mve_copy(scratch + i * padded, x + i * bytes, bytes), 0, padded - bytes);
    }
    c->x = scratch;
  }
  c->z = c->x + padded;
  if (rows == 2) {
    eq_mve_product(c, weights, channels, 2, form);
  } else {
    eq_mve_product(c, weights, channels, 1, form);
  }
}

#endif
