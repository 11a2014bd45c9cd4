/* What the RISC-V vector kernels (*_rvv.c) share: requantization of a vector of sums, copies and fills.
 *
 * Vectors of any length: sums are groups of eight registers of 32-bit lanes, so that a vector is a quarter of VLEN
 * sums long, and every loop asks vsetvl how many it gets. Zve32x is enough. */
#ifndef EQ_RVV_H
#define EQ_RVV_H

#include "eq_inline.h"
#include "eq_requant.h"
#include "eq_types.h"

#ifndef __riscv_vector
#error "a *_rvv.c kernel needs a core with the vector extension, e.g. -mcpu=generic_rv32+m+zve32x"
#endif

#include <riscv_vector.h>

/* Keeps clang from loading so far ahead, or doing so much at once, that it has to spill groups of registers. */
#define EQ_RVV_PIN() __asm__ volatile("" ::: "memory")

/* Sums scaled, with zero point or offset added, before the clamp; `m`, `shift` and `offset` are theirs.
 *
 * VSMUL gives floor(acc * m / 2^31), or the same rounded half up, which is SRDHM. Sums that could leave 32 bits
 * saturate: what does is far outside int8, so the clamp makes it exact.
 *   HIGH    floor((acc*m + 2^31) / 2^32) = floor((floor(acc*m / 2^31) + 1) / 2)
 *   SHIFT   HIGH of acc * 2^(32 - s), where acc is held within what the shift leaves in 32 bits
 *   TFLITE  -1 on negative values before a shift that rounds half up makes it round half away from zero */
static EQ_INLINE vint32m8_t eq_rvv_scale(vint32m8_t acc, vint32m8_t m, vint32m8_t s, vint32m8_t offset,
                                         int32_t zero_point, size_t vl, eq_requant_form_t form) {
  if (form == EQ_REQUANT_LINE) {
    const vint32m8_t sum = __riscv_vadd_vv_i32m8(__riscv_vmulh_vv_i32m8(acc, m, vl), offset, vl);
    return __riscv_vsra_vv_i32m8(sum, __riscv_vreinterpret_v_i32m8_u32m8(s), vl);
  }
  if (form == EQ_REQUANT_STEP) {
    const vint32m8_t high = __riscv_vsmul_vv_i32m8(acc, m, __RISCV_VXRM_RNU, vl);
    const vint32m8_t below = __riscv_vadd_vv_i32m8(high, __riscv_vsra_vx_i32m8(acc, 31, vl), vl);
    const vint32m8_t sum = __riscv_vadd_vv_i32m8(below, offset, vl);
    return __riscv_vsra_vv_i32m8(sum, __riscv_vreinterpret_v_i32m8_u32m8(s), vl);
  }
  if (form == EQ_REQUANT_TFLITE) {
    const vint32m8_t left = __riscv_vmax_vx_i32m8(s, 0, vl), right = __riscv_vmin_vx_i32m8(s, 0, vl);
    const vint32m8_t shifted = __riscv_vsll_vv_i32m8(acc, __riscv_vreinterpret_v_i32m8_u32m8(left), vl);
    const vint32m8_t high = __riscv_vsmul_vv_i32m8(shifted, m, __RISCV_VXRM_RNU, vl);
    /* -1: a negative value and a shift to do */
    const vint32m8_t down = __riscv_vsra_vx_i32m8(__riscv_vand_vv_i32m8(high, right, vl), 31, vl);
    const vuint32m8_t by = __riscv_vreinterpret_v_i32m8_u32m8(__riscv_vneg_v_i32m8(right, vl));
    const vint32m8_t y =
        __riscv_vssra_vv_i32m8(__riscv_vsadd_vv_i32m8(high, down, vl), by, __RISCV_VXRM_RNU, vl);
    return __riscv_vsadd_vx_i32m8(y, zero_point, vl);
  }
  if (form == EQ_REQUANT_SHIFT) {
    const vuint32m8_t left = __riscv_vreinterpret_v_i32m8_u32m8(__riscv_vrsub_vx_i32m8(s, 32, vl));
    const vint32m8_t most = __riscv_vsra_vv_i32m8(__riscv_vmv_v_x_i32m8(INT32_MAX, vl), left, vl);
    acc = __riscv_vmin_vv_i32m8(acc, most, vl);
    acc = __riscv_vmax_vv_i32m8(acc, __riscv_vnot_v_i32m8(most, vl), vl);
    acc = __riscv_vsll_vv_i32m8(acc, left, vl);
  }
  const vint32m8_t twice = __riscv_vsmul_vv_i32m8(acc, m, __RISCV_VXRM_RDN, vl);
  return __riscv_vsra_vx_i32m8(__riscv_vsadd_vx_i32m8(twice, 2 * zero_point + 1, vl), 1, vl);
}

/* Saturated to int8, clamped and stored. */
static EQ_INLINE void eq_rvv_store_clamped(vint32m8_t v, int32_t act_min, int32_t act_max, int8_t *y, size_t vl) {
  /* A shift by 0: the rounding mode does not matter, and is the one that most forms have set. */
  const vint16m4_t halves = __riscv_vnclip_wx_i16m4(v, 0, __RISCV_VXRM_RNU, vl);
  vint8m2_t bytes = __riscv_vnclip_wx_i8m2(halves, 0, __RISCV_VXRM_RNU, vl);
  bytes = __riscv_vmax_vx_i8m2(bytes, (int8_t)act_min, vl);
  __riscv_vse8_v_i8m2(y, __riscv_vmin_vx_i8m2(bytes, (int8_t)act_max, vl), vl);
}

/* Requantizes the sums of the channels o .. o + vl - 1 and stores them at y. */
static EQ_INLINE void eq_rvv_store(const eq_requant_t *q, vint32m8_t acc, int32_t o, int8_t *y, size_t vl,
                                   eq_requant_form_t form) {
  const vint32m8_t m = __riscv_vle32_v_i32m8(q->multiplier + o, vl);
  vint32m8_t s = m, offset = m; /* what a form does not read */
  if (form != EQ_REQUANT_HIGH) {
    s = __riscv_vsext_vf4_i32m8(__riscv_vle8_v_i8m2(q->shift + o, vl), vl);
  }
  if (eq_has_offset(form)) {
    offset = __riscv_vle32_v_i32m8(q->offset + o, vl);
  }
  eq_rvv_store_clamped(eq_rvv_scale(acc, m, s, offset, q->output_zero_point, vl, form), q->act_min, q->act_max, y,
                       vl);
  EQ_RVV_PIN();
}

/* For eq_patch.h. */
static EQ_INLINE int8_t *eq_rvv_copy(int8_t *target, const int8_t *source, int32_t bytes) {
  while (bytes > 0) {
    const size_t vl = __riscv_vsetvl_e8m8((size_t)bytes);
    __riscv_vse8_v_i8m8(target, __riscv_vle8_v_i8m8(source, vl), vl);
    target += vl;
    source += vl;
    bytes -= (int32_t)vl;
  }
  return target;
}

static EQ_INLINE int8_t *eq_rvv_fill(int8_t *target, int32_t value, int32_t bytes) {
  while (bytes > 0) {
    const size_t vl = __riscv_vsetvl_e8m8((size_t)bytes);
    __riscv_vse8_v_i8m8(target, __riscv_vmv_v_x_i8m8((int8_t)value, vl), vl);
    target += vl;
    bytes -= (int32_t)vl;
  }
  return target;
}

#endif
