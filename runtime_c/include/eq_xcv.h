/* Packed-SIMD and fixed-point intrinsics of the PULP / CORE-V cores (Xpulp, XCV), with four back ends:
 *
 *   COREV     compiler built-ins (GCC >= 14, -march=..._xcvsimd_xcvalu_xcvmac)    dot products, shuffles, shifts
 *   PULP      the PULP GCC's built-ins (__pulp__)                                 dot products, clip, shifts, mac
 *   INSN      .insn, for any RV32 GCC or clang
 *   PORTABLE  C for every other target, the definition of the numbers; also with -DEQ_XCV_PORTABLE
 *
 * COREV and PULP use a built-in where speed needs it and the portable expression elsewhere (those compilers find
 * post-increment, min, max and abs themselves). The tests compare INSN with PORTABLE, and with COREV where
 * EDGEQ_COREV_GCC names a GCC 14 (all numbers equal with 14.2); PULP has not been compiled.
 *
 * Names: eq_xcv_<CORE-V mnemonic>. _b: four 8-bit lanes, _h: two 16-bit lanes; lane 0 is the lowest. Packed operands
 * are uint32_t. Sums wrap at 32 bits (or at the lane). Arguments named `bits`, `shift`, `lane` and `step` must be
 * compile-time constants. Little-endian. Source: CV32E40P user manual, "CORE-V Instruction Set Custom Extensions". */
#ifndef EQ_XCV_H
#define EQ_XCV_H

#include <stdint.h>

/* Having the extensions isn't enough: clang assembles them but has no built-ins for the SIMD ones. */
#if defined(__riscv_xcvsimd) && defined(__riscv_xcvalu) && defined(__riscv_xcvmac) && defined(__has_builtin)
#if __has_builtin(__builtin_riscv_cv_simd_sdotsp_b) && __has_builtin(__builtin_riscv_cv_mac_mac)
#define EQ_XCV_HAVE_COREV 1
#endif
#endif

#if defined(EQ_XCV_PORTABLE)
#define EQ_XCV_BACKEND_PORTABLE 1
#elif defined(EQ_XCV_HAVE_COREV)
#define EQ_XCV_BACKEND_COREV 1
#elif defined(__pulp__)
#define EQ_XCV_BACKEND_PULP 1
typedef int8_t eq_xcv_v4s_t __attribute__((vector_size(4)));
typedef int16_t eq_xcv_v2s_t __attribute__((vector_size(4)));
#elif defined(__riscv) && __riscv_xlen == 32
#define EQ_XCV_BACKEND_INSN 1
#else
#define EQ_XCV_BACKEND_PORTABLE 1
#endif

#define EQ_XCV_INLINE static inline __attribute__((always_inline, unused))

/* ---- Helpers of the portable expressions ---- */

EQ_XCV_INLINE uint32_t eq_xcv_round(uint32_t shift) { return shift == 0u ? 0u : (uint32_t)1 << (shift - 1u); }
EQ_XCV_INLINE int32_t eq_xcv_sra(uint32_t sum, uint32_t shift) { return (int32_t)sum >> shift; }
EQ_XCV_INLINE uint32_t eq_xcv_s8(uint32_t a, uint32_t low) { return (uint32_t)(int8_t)(uint8_t)(a >> low); }
EQ_XCV_INLINE uint32_t eq_xcv_u8(uint32_t a, uint32_t low) { return (a >> low) & 0xffu; }
EQ_XCV_INLINE uint32_t eq_xcv_s16(uint32_t a, uint32_t low) { return (uint32_t)(int16_t)(uint16_t)(a >> low); }
EQ_XCV_INLINE uint32_t eq_xcv_u16(uint32_t a, uint32_t low) { return (a >> low) & 0xffffu; }
/* 2^(bits-1) - 1, and 0 for bits = 0: the upper bound of clip and clipu */
EQ_XCV_INLINE int32_t eq_xcv_bound(uint32_t bits) {
  return bits == 0u ? 0 : (int32_t)(((uint32_t)1 << (bits - 1u)) - 1u);
}
EQ_XCV_INLINE int32_t eq_xcv_clamp(int32_t x, int32_t low, int32_t high) {
  return x <= low ? low : (x >= high ? high : x);
}

#define EQ_XCV_SUM_B(left, right)                                                                               \
  (left(a, 0) * right(b, 0) + left(a, 8) * right(b, 8) + left(a, 16) * right(b, 16) + left(a, 24) * right(b, 24))
#define EQ_XCV_SUM_H(left, right) (left(a, 0) * right(b, 0) + left(a, 16) * right(b, 16))

/* ---- How a back end makes an intrinsic ---- */

#if defined(EQ_XCV_BACKEND_INSN)
#define EQ_XCV_ASM_RR(opcode, funct3, funct7, d, a, b) \
  __asm__(".insn r " #opcode ", " #funct3 ", " #funct7 ", %0, %1, %2" : "=r"(d) : "r"(a), "r"(b))
#define EQ_XCV_ASM_R(opcode, funct3, funct7, d, a) \
  __asm__(".insn r " #opcode ", " #funct3 ", " #funct7 ", %0, %1, x0" : "=r"(d) : "r"(a))
#define EQ_XCV_ASM_RRD(opcode, funct3, funct7, d, a, b) \
  __asm__(".insn r " #opcode ", " #funct3 ", " #funct7 ", %0, %1, %2" : "+r"(d) : "r"(a), "r"(b))
#endif

/* dot product without accumulator: int32_t eq_xcv_<name>(uint32_t a, uint32_t b) */
#if defined(EQ_XCV_BACKEND_INSN)
#define EQ_XCV_DOT(name, vector, funct3, funct7, pulp, sum) \
  EQ_XCV_INLINE int32_t eq_xcv_##name(uint32_t a, uint32_t b) { \
    int32_t d;                                                  \
    EQ_XCV_ASM_RR(0x7b, funct3, funct7, d, a, b);               \
    return d;                                                   \
  }
#elif defined(EQ_XCV_BACKEND_COREV)
#define EQ_XCV_DOT(name, vector, funct3, funct7, pulp, sum) \
  EQ_XCV_INLINE int32_t eq_xcv_##name(uint32_t a, uint32_t b) { return (int32_t)__builtin_riscv_cv_simd_##name(a, b); }
#elif defined(EQ_XCV_BACKEND_PULP)
#define EQ_XCV_DOT(name, vector, funct3, funct7, pulp, sum) \
  EQ_XCV_INLINE int32_t eq_xcv_##name(uint32_t a, uint32_t b) { \
    return (int32_t)__builtin_pulp_##pulp((vector)a, (vector)b); \
  }
#else
#define EQ_XCV_DOT(name, vector, funct3, funct7, pulp, sum) \
  EQ_XCV_INLINE int32_t eq_xcv_##name(uint32_t a, uint32_t b) { return (int32_t)(sum); }
#endif

/* dot product with accumulator: int32_t eq_xcv_<name>(int32_t acc, uint32_t a, uint32_t b) */
#if defined(EQ_XCV_BACKEND_INSN)
#define EQ_XCV_SDOT(name, vector, funct3, funct7, pulp, sum) \
  EQ_XCV_INLINE int32_t eq_xcv_##name(int32_t acc, uint32_t a, uint32_t b) { \
    EQ_XCV_ASM_RRD(0x7b, funct3, funct7, acc, a, b);                         \
    return acc;                                                              \
  }
#elif defined(EQ_XCV_BACKEND_COREV)
#define EQ_XCV_SDOT(name, vector, funct3, funct7, pulp, sum) \
  EQ_XCV_INLINE int32_t eq_xcv_##name(int32_t acc, uint32_t a, uint32_t b) { \
    return (int32_t)__builtin_riscv_cv_simd_##name(a, b, (uint32_t)acc);     \
  }
#elif defined(EQ_XCV_BACKEND_PULP)
#define EQ_XCV_SDOT(name, vector, funct3, funct7, pulp, sum) \
  EQ_XCV_INLINE int32_t eq_xcv_##name(int32_t acc, uint32_t a, uint32_t b) { \
    return (int32_t)__builtin_pulp_##pulp((vector)a, (vector)b, acc);        \
  }
#else
#define EQ_XCV_SDOT(name, vector, funct3, funct7, pulp, sum) \
  EQ_XCV_INLINE int32_t eq_xcv_##name(int32_t acc, uint32_t a, uint32_t b) { return (int32_t)((uint32_t)acc + (sum)); }
#endif

/* two registers in, one out, no built-in: type eq_xcv_<name>(type a, type b) */
#if defined(EQ_XCV_BACKEND_INSN)
#define EQ_XCV_RR(type, name, opcode, funct3, funct7, value) \
  EQ_XCV_INLINE type eq_xcv_##name(type a, type b) { \
    type d;                                          \
    EQ_XCV_ASM_RR(opcode, funct3, funct7, d, a, b);  \
    return d;                                        \
  }
#else
#define EQ_XCV_RR(type, name, opcode, funct3, funct7, value) \
  EQ_XCV_INLINE type eq_xcv_##name(type a, type b) { return (type)(value); }
#endif

/* one register in: type eq_xcv_<name>(type a) */
#if defined(EQ_XCV_BACKEND_INSN)
#define EQ_XCV_R(type, name, opcode, funct3, funct7, value) \
  EQ_XCV_INLINE type eq_xcv_##name(type a) {        \
    type d;                                         \
    EQ_XCV_ASM_R(opcode, funct3, funct7, d, a);     \
    return d;                                       \
  }
#else
#define EQ_XCV_R(type, name, opcode, funct3, funct7, value) \
  EQ_XCV_INLINE type eq_xcv_##name(type a) { return (type)(value); }
#endif

/* destination is also an input: type eq_xcv_<name>(type d, type a, type b); `corev` is the built-in's call */
#if defined(EQ_XCV_BACKEND_INSN)
#define EQ_XCV_RRD(type, name, opcode, funct3, funct7, corev, value) \
  EQ_XCV_INLINE type eq_xcv_##name(type d, type a, type b) { \
    EQ_XCV_ASM_RRD(opcode, funct3, funct7, d, a, b);         \
    return d;                                                \
  }
#elif defined(EQ_XCV_BACKEND_COREV)
#define EQ_XCV_RRD(type, name, opcode, funct3, funct7, corev, value) \
  EQ_XCV_INLINE type eq_xcv_##name(type d, type a, type b) { return (type)(corev); }
#else
#define EQ_XCV_RRD(type, name, opcode, funct3, funct7, corev, value) \
  EQ_XCV_INLINE type eq_xcv_##name(type d, type a, type b) { return (type)(value); }
#endif

/* One lane after the other; x, y are the sign-extended lanes (int32_t), ux, uy the zero-extended (uint32_t). */
#if !defined(EQ_XCV_BACKEND_INSN)
#define EQ_XCV_LANES(width, value)                                                          \
  uint32_t d = 0u;                                                                          \
  for (uint32_t low = 0u; low < 32u; low += width##u) {                                     \
    const int32_t x = (int32_t)eq_xcv_s##width(a, low), y = (int32_t)eq_xcv_s##width(b, low); \
    const uint32_t ux = eq_xcv_u##width(a, low), uy = eq_xcv_u##width(b, low);              \
    (void)x, (void)y, (void)ux, (void)uy;                                                   \
    d |= eq_xcv_u##width((uint32_t)(value), 0u) << low;                                     \
  }                                                                                         \
  return d;
#endif

/* eq_xcv_<name>_b, _h and, with lane 0 of b used for every lane, _sc_b, _sc_h */
#if defined(EQ_XCV_BACKEND_INSN)
#define EQ_XCV_SIMD(name, funct7, value_b, value_h)  \
  EQ_XCV_RR(uint32_t, name##_b, 0x7b, 1, funct7, 0)  \
  EQ_XCV_RR(uint32_t, name##_h, 0x7b, 0, funct7, 0)  \
  EQ_XCV_RR(uint32_t, name##_sc_b, 0x7b, 5, funct7, 0) \
  EQ_XCV_RR(uint32_t, name##_sc_h, 0x7b, 4, funct7, 0)
#else
#define EQ_XCV_SIMD(name, funct7, value_b, value_h)                                    \
  EQ_XCV_INLINE uint32_t eq_xcv_##name##_b(uint32_t a, uint32_t b) { EQ_XCV_LANES(8, value_b) }  \
  EQ_XCV_INLINE uint32_t eq_xcv_##name##_h(uint32_t a, uint32_t b) { EQ_XCV_LANES(16, value_h) } \
  EQ_XCV_INLINE uint32_t eq_xcv_##name##_sc_b(uint32_t a, uint32_t b) {                \
    return eq_xcv_##name##_b(a, (b & 0xffu) * 0x01010101u);                            \
  }                                                                                    \
  EQ_XCV_INLINE uint32_t eq_xcv_##name##_sc_h(uint32_t a, uint32_t b) {                \
    return eq_xcv_##name##_h(a, (b & 0xffffu) * 0x00010001u);                          \
  }
#endif

/* ---- Dot products: sp signed x signed, up unsigned x unsigned, usp unsigned (a) x signed (b) ---- */

EQ_XCV_DOT(dotup_b, eq_xcv_v4s_t, 1, 0x40, dotup4, EQ_XCV_SUM_B(eq_xcv_u8, eq_xcv_u8))
EQ_XCV_DOT(dotusp_b, eq_xcv_v4s_t, 1, 0x44, dotusp4, EQ_XCV_SUM_B(eq_xcv_u8, eq_xcv_s8))
EQ_XCV_DOT(dotsp_b, eq_xcv_v4s_t, 1, 0x48, dotsp4, EQ_XCV_SUM_B(eq_xcv_s8, eq_xcv_s8))
EQ_XCV_SDOT(sdotup_b, eq_xcv_v4s_t, 1, 0x4c, sdotup4, EQ_XCV_SUM_B(eq_xcv_u8, eq_xcv_u8))
EQ_XCV_SDOT(sdotusp_b, eq_xcv_v4s_t, 1, 0x50, sdotusp4, EQ_XCV_SUM_B(eq_xcv_u8, eq_xcv_s8))
EQ_XCV_SDOT(sdotsp_b, eq_xcv_v4s_t, 1, 0x54, sdotsp4, EQ_XCV_SUM_B(eq_xcv_s8, eq_xcv_s8))
EQ_XCV_DOT(dotup_h, eq_xcv_v2s_t, 0, 0x40, dotup2, EQ_XCV_SUM_H(eq_xcv_u16, eq_xcv_u16))
EQ_XCV_DOT(dotusp_h, eq_xcv_v2s_t, 0, 0x44, dotusp2, EQ_XCV_SUM_H(eq_xcv_u16, eq_xcv_s16))
EQ_XCV_DOT(dotsp_h, eq_xcv_v2s_t, 0, 0x48, dotsp2, EQ_XCV_SUM_H(eq_xcv_s16, eq_xcv_s16))
EQ_XCV_SDOT(sdotup_h, eq_xcv_v2s_t, 0, 0x4c, sdotup2, EQ_XCV_SUM_H(eq_xcv_u16, eq_xcv_u16))
EQ_XCV_SDOT(sdotusp_h, eq_xcv_v2s_t, 0, 0x50, sdotusp2, EQ_XCV_SUM_H(eq_xcv_u16, eq_xcv_s16))
EQ_XCV_SDOT(sdotsp_h, eq_xcv_v2s_t, 0, 0x54, sdotsp2, EQ_XCV_SUM_H(eq_xcv_s16, eq_xcv_s16))

/* ---- Lane by lane; avg: sum wraps at the lane, then is halved; shifts use the amount modulo the lane's bits ---- */

EQ_XCV_SIMD(add, 0x00, ux + uy, ux + uy)
EQ_XCV_SIMD(sub, 0x04, ux - uy, ux - uy)
EQ_XCV_SIMD(avg, 0x08, (int8_t)(uint8_t)(ux + uy) >> 1, (int16_t)(uint16_t)(ux + uy) >> 1)
EQ_XCV_SIMD(avgu, 0x0c, eq_xcv_u8(ux + uy, 0u) >> 1, eq_xcv_u16(ux + uy, 0u) >> 1)
EQ_XCV_SIMD(min, 0x10, x < y ? x : y, x < y ? x : y)
EQ_XCV_SIMD(minu, 0x14, ux < uy ? ux : uy, ux < uy ? ux : uy)
EQ_XCV_SIMD(max, 0x18, x > y ? x : y, x > y ? x : y)
EQ_XCV_SIMD(maxu, 0x1c, ux > uy ? ux : uy, ux > uy ? ux : uy)
EQ_XCV_SIMD(srl, 0x20, ux >> (uy & 7u), ux >> (uy & 15u))
EQ_XCV_SIMD(sra, 0x24, x >> (uy & 7u), x >> (uy & 15u))
EQ_XCV_SIMD(sll, 0x28, ux << (uy & 7u), ux << (uy & 15u))
EQ_XCV_SIMD(cmpeq, 0x02, ux == uy ? ~0u : 0u, ux == uy ? ~0u : 0u)
EQ_XCV_SIMD(cmpgt, 0x0a, x > y ? ~0u : 0u, x > y ? ~0u : 0u)
EQ_XCV_SIMD(cmpgtu, 0x1a, ux > uy ? ~0u : 0u, ux > uy ? ~0u : 0u)
EQ_XCV_R(uint32_t, abs_b, 0x7b, 1, 0x38, eq_xcv_max_b(a, eq_xcv_sub_b(0u, a)))
EQ_XCV_R(uint32_t, abs_h, 0x7b, 0, 0x38, eq_xcv_max_h(a, eq_xcv_sub_h(0u, a)))

/* ---- Shuffle and pack ---- */

/* Lane i of the result: lane (b[i] mod lanes) of a where bit log2(lanes) of b[i] is set, else of d. */
#define EQ_XCV_PICK(i, bits, lanes)                                                                        \
  (((((b >> ((i) * (bits))) & (lanes)) != 0u ? a : d) >> (((b >> ((i) * (bits))) & ((lanes)-1u)) * (bits)) \
    & (((uint32_t)1 << (bits)) - 1u)) << ((i) * (bits)))
EQ_XCV_RRD(uint32_t, shuffle2_b, 0x7b, 1, 0x70, __builtin_riscv_cv_simd_shuffle2_b(a, b, d),
           EQ_XCV_PICK(0u, 8u, 4u) | EQ_XCV_PICK(1u, 8u, 4u) | EQ_XCV_PICK(2u, 8u, 4u) | EQ_XCV_PICK(3u, 8u, 4u))
EQ_XCV_RRD(uint32_t, shuffle2_h, 0x7b, 0, 0x70, __builtin_riscv_cv_simd_shuffle2_h(a, b, d),
           EQ_XCV_PICK(0u, 16u, 2u) | EQ_XCV_PICK(1u, 16u, 2u))
/* halves (a.low, b.low) and (a.high, b.high), a's on top */
EQ_XCV_RR(uint32_t, pack_lo_h, 0x7b, 0, 0x78, (a << 16) | (b & 0xffffu))
EQ_XCV_RR(uint32_t, pack_hi_h, 0x7b, 0, 0x79, (a & 0xffff0000u) | (b >> 16))
/* bytes (a[0], b[0]) into d's lower or upper half, a's on top */
EQ_XCV_RRD(uint32_t, packlo_b, 0x7b, 1, 0x7c, __builtin_riscv_cv_simd_packlo_b(a, b, d),
           (d & 0xffff0000u) | ((a & 0xffu) << 8) | (b & 0xffu))
EQ_XCV_RRD(uint32_t, packhi_b, 0x7b, 1, 0x7d, __builtin_riscv_cv_simd_packhi_b(a, b, d),
           (d & 0x0000ffffu) | ((a & 0xffu) << 24) | ((b & 0xffu) << 16))

/* ---- 32-bit integers ---- */

EQ_XCV_R(int32_t, abs, 0x2b, 3, 0x28, a < 0 ? 0u - (uint32_t)a : (uint32_t)a)
EQ_XCV_RR(int32_t, min, 0x2b, 3, 0x2b, a < b ? a : b)
EQ_XCV_RR(uint32_t, minu, 0x2b, 3, 0x2c, a < b ? a : b)
EQ_XCV_RR(int32_t, max, 0x2b, 3, 0x2d, a > b ? a : b)
EQ_XCV_RR(uint32_t, maxu, 0x2b, 3, 0x2e, a > b ? a : b)
/* clamp to [-(b+1), b] and to [0, b]; b >= 0 */
EQ_XCV_RR(int32_t, clipr, 0x2b, 3, 0x3a, eq_xcv_clamp(a, -b - 1, b))
EQ_XCV_RR(int32_t, clipur, 0x2b, 3, 0x3b, eq_xcv_clamp(a, 0, b))
/* d + a * b and d - a * b, modulo 2^32 */
EQ_XCV_RRD(int32_t, mac, 0x2b, 3, 0x48, __builtin_riscv_cv_mac_mac(a, b, d),
           (uint32_t)d + (uint32_t)a * (uint32_t)b)
EQ_XCV_RRD(int32_t, msu, 0x2b, 3, 0x49, __builtin_riscv_cv_mac_msu(a, b, d),
           (uint32_t)d - (uint32_t)a * (uint32_t)b)
/* (d + a [+ 2^(s-1) with R]) >> s and (d - a ...) >> s, s = b mod 32; u: logical shift */
EQ_XCV_RRD(int32_t, addNr, 0x2b, 3, 0x40, __builtin_riscv_cv_alu_addN(d, a, (uint8_t)b),
           eq_xcv_sra((uint32_t)d + (uint32_t)a, (uint32_t)b & 31u))
EQ_XCV_RRD(uint32_t, adduNr, 0x2b, 3, 0x41, __builtin_riscv_cv_alu_adduN(d, a, (uint8_t)b), (d + a) >> (b & 31u))
EQ_XCV_RRD(int32_t, addRNr, 0x2b, 3, 0x42, __builtin_riscv_cv_alu_addRN(d, a, (uint8_t)b),
           eq_xcv_sra((uint32_t)d + (uint32_t)a + eq_xcv_round((uint32_t)b & 31u), (uint32_t)b & 31u))
EQ_XCV_RRD(uint32_t, adduRNr, 0x2b, 3, 0x43, __builtin_riscv_cv_alu_adduRN(d, a, (uint8_t)b),
           (d + a + eq_xcv_round(b & 31u)) >> (b & 31u))
EQ_XCV_RRD(int32_t, subNr, 0x2b, 3, 0x44, __builtin_riscv_cv_alu_subN(d, a, (uint8_t)b),
           eq_xcv_sra((uint32_t)d - (uint32_t)a, (uint32_t)b & 31u))
EQ_XCV_RRD(uint32_t, subuNr, 0x2b, 3, 0x45, __builtin_riscv_cv_alu_subuN(d, a, (uint8_t)b), (d - a) >> (b & 31u))
EQ_XCV_RRD(int32_t, subRNr, 0x2b, 3, 0x46, __builtin_riscv_cv_alu_subRN(d, a, (uint8_t)b),
           eq_xcv_sra((uint32_t)d - (uint32_t)a + eq_xcv_round((uint32_t)b & 31u), (uint32_t)b & 31u))
EQ_XCV_RRD(uint32_t, subuRNr, 0x2b, 3, 0x47, __builtin_riscv_cv_alu_subuRN(d, a, (uint8_t)b),
           (d - a + eq_xcv_round(b & 31u)) >> (b & 31u))

/* ---- Bits: number set; index of lowest (ff1) and highest (fl1) set bit, 32 for 0; sign bits less one (clb) ---- */

EQ_XCV_R(uint32_t, cnt, 0x2b, 3, 0x24, __builtin_popcount(a))
EQ_XCV_R(uint32_t, ff1, 0x2b, 3, 0x21, a == 0u ? 32 : __builtin_ctz(a))
EQ_XCV_R(uint32_t, fl1, 0x2b, 3, 0x22, a == 0u ? 32 : 31 - __builtin_clz(a))
EQ_XCV_R(uint32_t, clb, 0x2b, 3, 0x23, a == 0u ? 0 : __builtin_clrsb((int)a))
EQ_XCV_RR(uint32_t, ror, 0x2b, 3, 0x20, (a >> (b & 31u)) | (a << ((32u - b) & 31u)))

#include "eq_xcv_immediate.h"

#endif
