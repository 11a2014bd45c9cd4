/* The intrinsics of eq_xcv.h that take a compile-time constant, and those that step a pointer. Included by it.
 *
 *   clip(value, bits)    to [-2^(bits-1), 2^(bits-1) - 1]; clipu to [0, 2^(bits-1) - 1]; bits 1 .. 31
 *   extract_b(a, lane)   lane 0 .. 3, sign-extended; extractu zero-extended; insert_b(d, a, lane); _h: lanes 0 and 1
 *   addN(a, b, shift)    (a + b) >> shift; R: + 2^(shift-1) first; u: logical shift; sub: a - b; shift 0 .. 31
 *   mulsN(a, b, shift)   product of the lower halves (hh: upper halves) >> shift, u and R as above
 *   macsN(d, a, b, shift)  (d + product) >> shift
 *   load_w(p, step)      the word at p, then p += step bytes; _h _hu _b _bu; p is a pointer variable
 *   load_w_by(p, step)   the same with a step that is not constant
 *   store_w(p, v, step)  stores v at p, then p += step bytes; _h _b; store_w_by */
#ifndef EQ_XCV_IMMEDIATE_H
#define EQ_XCV_IMMEDIATE_H

#if !defined(EQ_XCV_H)
#error "include eq_xcv.h"
#endif

/* Memory seen through a stepped pointer may have any declared type. */
typedef uint32_t __attribute__((may_alias)) eq_xcv_word_t;
typedef uint16_t __attribute__((may_alias)) eq_xcv_half_t;
typedef int16_t __attribute__((may_alias)) eq_xcv_signed_half_t;

#if defined(EQ_XCV_BACKEND_INSN)

#define EQ_XCV_CLIP(funct7, value, bits)                                                                  \
  ({                                                                                                      \
    int32_t eq_d_;                                                                                        \
    __asm__(".insn r 0x2b, 3, " #funct7 ", %0, %1, x%2" : "=r"(eq_d_) : "r"((int32_t)(value)), "i"(bits)); \
    eq_d_;                                                                                                \
  })
/* custom-2: bits 31:30 flags (1 unsigned or upper halves, 2 round), bits 29:25 the constant */
#define EQ_XCV_SHIFT(type, funct3, flags, a, b, shift)                           \
  ({                                                                             \
    type eq_d_;                                                                  \
    __asm__(".insn r 0x5b, " #funct3 ", " #flags " * 32 + %3, %0, %1, %2"        \
            : "=r"(eq_d_)                                                        \
            : "r"((uint32_t)(a)), "r"((uint32_t)(b)), "i"(shift));               \
    eq_d_;                                                                       \
  })
#define EQ_XCV_MAC_SHIFT(type, funct3, flags, d, a, b, shift)                    \
  ({                                                                             \
    type eq_d_ = (d);                                                            \
    __asm__(".insn r 0x5b, " #funct3 ", " #flags " * 32 + %3, %0, %1, %2"        \
            : "+r"(eq_d_)                                                        \
            : "r"((uint32_t)(a)), "r"((uint32_t)(b)), "i"(shift));               \
    eq_d_;                                                                       \
  })
/* the six-bit constant's bit 0 is in bit 25, the others in the rs2 field */
#define EQ_XCV_EXTRACT(type, funct3, a, lane)                                    \
  ({                                                                             \
    type eq_d_;                                                                  \
    __asm__(".insn r 0x7b, " #funct3 ", 0x5c + %2, %0, %1, x%3"                  \
            : "=r"(eq_d_)                                                        \
            : "r"((uint32_t)(a)), "i"((lane)&1), "i"((lane) >> 1));              \
    eq_d_;                                                                       \
  })
#define EQ_XCV_INSERT(funct3, d, a, lane)                                        \
  ({                                                                             \
    uint32_t eq_d_ = (d);                                                        \
    __asm__(".insn r 0x7b, " #funct3 ", 0x5c + %2, %0, %1, x%3"                  \
            : "+r"(eq_d_)                                                        \
            : "r"((uint32_t)(a)), "i"((lane)&1), "i"((lane) >> 1));              \
    eq_d_;                                                                       \
  })
/* The memory operand keeps the access in order with others to the same object. */
#define EQ_XCV_LOAD(type, memory, funct3, p, step)                               \
  ({                                                                             \
    type eq_d_;                                                                  \
    __asm__(".insn i 0x0b, " #funct3 ", %0, %1, %3"                              \
            : "=&r"(eq_d_), "+r"(p)                                              \
            : "m"(*(const memory *)(const void *)(p)), "i"(step));               \
    eq_d_;                                                                       \
  })
#define EQ_XCV_LOAD_BY(type, memory, funct7, p, step)                            \
  ({                                                                             \
    type eq_d_;                                                                  \
    __asm__(".insn r 0x2b, 3, " #funct7 ", %0, %1, %3"                           \
            : "=&r"(eq_d_), "+r"(p)                                              \
            : "m"(*(const memory *)(const void *)(p)), "r"((int32_t)(step)));    \
    eq_d_;                                                                       \
  })
#define EQ_XCV_STORE(funct3, p, value, step)                                     \
  __asm__ volatile(".insn s 0x2b, " #funct3 ", %1, %2(%0)"                       \
                   : "+r"(p)                                                     \
                   : "r"((uint32_t)(value)), "i"(step)                           \
                   : "memory")
/* the step register is where other instructions have rd */
#define EQ_XCV_STORE_BY(funct7, p, value, step)                                  \
  __asm__ volatile(".insn r 0x2b, 3, " #funct7 ", %2, %0, %1"                    \
                   : "+r"(p)                                                     \
                   : "r"((uint32_t)(value)), "r"((int32_t)(step))                \
                   : "memory")

#define eq_xcv_clip(value, bits) EQ_XCV_CLIP(0x38, value, bits)
#define eq_xcv_clipu(value, bits) EQ_XCV_CLIP(0x39, value, bits)
#define eq_xcv_extract_h(a, lane) EQ_XCV_EXTRACT(int32_t, 0, a, lane)
#define eq_xcv_extract_b(a, lane) EQ_XCV_EXTRACT(int32_t, 1, a, lane)
#define eq_xcv_extractu_h(a, lane) EQ_XCV_EXTRACT(uint32_t, 2, a, lane)
#define eq_xcv_extractu_b(a, lane) EQ_XCV_EXTRACT(uint32_t, 3, a, lane)
#define eq_xcv_insert_h(d, a, lane) EQ_XCV_INSERT(4, d, a, lane)
#define eq_xcv_insert_b(d, a, lane) EQ_XCV_INSERT(5, d, a, lane)
#define eq_xcv_addN(a, b, shift) EQ_XCV_SHIFT(int32_t, 2, 0, a, b, shift)
#define eq_xcv_adduN(a, b, shift) EQ_XCV_SHIFT(uint32_t, 2, 1, a, b, shift)
#define eq_xcv_addRN(a, b, shift) EQ_XCV_SHIFT(int32_t, 2, 2, a, b, shift)
#define eq_xcv_adduRN(a, b, shift) EQ_XCV_SHIFT(uint32_t, 2, 3, a, b, shift)
#define eq_xcv_subN(a, b, shift) EQ_XCV_SHIFT(int32_t, 3, 0, a, b, shift)
#define eq_xcv_subuN(a, b, shift) EQ_XCV_SHIFT(uint32_t, 3, 1, a, b, shift)
#define eq_xcv_subRN(a, b, shift) EQ_XCV_SHIFT(int32_t, 3, 2, a, b, shift)
#define eq_xcv_subuRN(a, b, shift) EQ_XCV_SHIFT(uint32_t, 3, 3, a, b, shift)
#define eq_xcv_mulsN(a, b, shift) EQ_XCV_SHIFT(int32_t, 4, 0, a, b, shift)
#define eq_xcv_mulhhsN(a, b, shift) EQ_XCV_SHIFT(int32_t, 4, 1, a, b, shift)
#define eq_xcv_mulsRN(a, b, shift) EQ_XCV_SHIFT(int32_t, 4, 2, a, b, shift)
#define eq_xcv_mulhhsRN(a, b, shift) EQ_XCV_SHIFT(int32_t, 4, 3, a, b, shift)
#define eq_xcv_muluN(a, b, shift) EQ_XCV_SHIFT(uint32_t, 5, 0, a, b, shift)
#define eq_xcv_mulhhuN(a, b, shift) EQ_XCV_SHIFT(uint32_t, 5, 1, a, b, shift)
#define eq_xcv_muluRN(a, b, shift) EQ_XCV_SHIFT(uint32_t, 5, 2, a, b, shift)
#define eq_xcv_mulhhuRN(a, b, shift) EQ_XCV_SHIFT(uint32_t, 5, 3, a, b, shift)
#define eq_xcv_macsN(d, a, b, shift) EQ_XCV_MAC_SHIFT(int32_t, 6, 0, d, a, b, shift)
#define eq_xcv_machhsN(d, a, b, shift) EQ_XCV_MAC_SHIFT(int32_t, 6, 1, d, a, b, shift)
#define eq_xcv_macsRN(d, a, b, shift) EQ_XCV_MAC_SHIFT(int32_t, 6, 2, d, a, b, shift)
#define eq_xcv_machhsRN(d, a, b, shift) EQ_XCV_MAC_SHIFT(int32_t, 6, 3, d, a, b, shift)
#define eq_xcv_macuN(d, a, b, shift) EQ_XCV_MAC_SHIFT(uint32_t, 7, 0, d, a, b, shift)
#define eq_xcv_machhuN(d, a, b, shift) EQ_XCV_MAC_SHIFT(uint32_t, 7, 1, d, a, b, shift)
#define eq_xcv_macuRN(d, a, b, shift) EQ_XCV_MAC_SHIFT(uint32_t, 7, 2, d, a, b, shift)
#define eq_xcv_machhuRN(d, a, b, shift) EQ_XCV_MAC_SHIFT(uint32_t, 7, 3, d, a, b, shift)
#define eq_xcv_load_b(p, step) EQ_XCV_LOAD(int32_t, uint8_t, 0, p, step)
#define eq_xcv_load_h(p, step) EQ_XCV_LOAD(int32_t, eq_xcv_half_t, 1, p, step)
#define eq_xcv_load_w(p, step) EQ_XCV_LOAD(uint32_t, eq_xcv_word_t, 2, p, step)
#define eq_xcv_load_bu(p, step) EQ_XCV_LOAD(uint32_t, uint8_t, 4, p, step)
#define eq_xcv_load_hu(p, step) EQ_XCV_LOAD(uint32_t, eq_xcv_half_t, 5, p, step)
#define eq_xcv_load_b_by(p, step) EQ_XCV_LOAD_BY(int32_t, uint8_t, 0x00, p, step)
#define eq_xcv_load_h_by(p, step) EQ_XCV_LOAD_BY(int32_t, eq_xcv_half_t, 0x01, p, step)
#define eq_xcv_load_w_by(p, step) EQ_XCV_LOAD_BY(uint32_t, eq_xcv_word_t, 0x02, p, step)
#define eq_xcv_load_bu_by(p, step) EQ_XCV_LOAD_BY(uint32_t, uint8_t, 0x08, p, step)
#define eq_xcv_load_hu_by(p, step) EQ_XCV_LOAD_BY(uint32_t, eq_xcv_half_t, 0x09, p, step)
#define eq_xcv_store_b(p, value, step) EQ_XCV_STORE(0, p, value, step)
#define eq_xcv_store_h(p, value, step) EQ_XCV_STORE(1, p, value, step)
#define eq_xcv_store_w(p, value, step) EQ_XCV_STORE(2, p, value, step)
#define eq_xcv_store_b_by(p, value, step) EQ_XCV_STORE_BY(0x10, p, value, step)
#define eq_xcv_store_h_by(p, value, step) EQ_XCV_STORE_BY(0x11, p, value, step)
#define eq_xcv_store_w_by(p, value, step) EQ_XCV_STORE_BY(0x12, p, value, step)

#else

#if defined(EQ_XCV_BACKEND_COREV)
#define eq_xcv_clip(value, bits) ((int32_t)__builtin_riscv_cv_alu_clip((value), eq_xcv_bound(bits)))
#define eq_xcv_clipu(value, bits) \
  ((int32_t)__builtin_riscv_cv_alu_clipu((uint32_t)(value), (uint32_t)eq_xcv_bound(bits)))
#elif defined(EQ_XCV_BACKEND_PULP)
#define eq_xcv_clip(value, bits) __builtin_pulp_clip((value), -eq_xcv_bound(bits) - 1, eq_xcv_bound(bits))
#define eq_xcv_clipu(value, bits) __builtin_pulp_clipu((value), 0, eq_xcv_bound(bits))
#else
#define eq_xcv_clip(value, bits) eq_xcv_clamp((value), -eq_xcv_bound(bits) - 1, eq_xcv_bound(bits))
#define eq_xcv_clipu(value, bits) eq_xcv_clamp((value), 0, eq_xcv_bound(bits))
#endif
#define eq_xcv_extract_h(a, lane) ((int32_t)eq_xcv_s16((a), 16u * (lane)))
#define eq_xcv_extract_b(a, lane) ((int32_t)eq_xcv_s8((a), 8u * (lane)))
#define eq_xcv_extractu_h(a, lane) eq_xcv_u16((a), 16u * (lane))
#define eq_xcv_extractu_b(a, lane) eq_xcv_u8((a), 8u * (lane))
#define EQ_XCV_PUT(d, a, mask, low) (((d) & ~((uint32_t)(mask) << (low))) | (((uint32_t)(a) & (mask)) << (low)))
#define eq_xcv_insert_h(d, a, lane) EQ_XCV_PUT(d, a, 0xffffu, 16u * (lane))
#define eq_xcv_insert_b(d, a, lane) EQ_XCV_PUT(d, a, 0xffu, 8u * (lane))

#define EQ_XCV_SIGNED(sum, rounding, shift) eq_xcv_sra((uint32_t)(sum) + (uint32_t)(rounding), (shift))
#define EQ_XCV_UNSIGNED(sum, rounding, shift) (((uint32_t)(sum) + (uint32_t)(rounding)) >> (shift))
#define EQ_XCV_ADD(a, b) ((uint32_t)(a) + (uint32_t)(b))
#define EQ_XCV_SUB(a, b) ((uint32_t)(a) - (uint32_t)(b))
#if defined(EQ_XCV_BACKEND_COREV)
#define eq_xcv_addN(a, b, shift) ((int32_t)__builtin_riscv_cv_alu_addN((a), (b), (shift)))
#define eq_xcv_addRN(a, b, shift) ((int32_t)__builtin_riscv_cv_alu_addRN((a), (b), (shift)))
#elif defined(EQ_XCV_BACKEND_PULP)
#define eq_xcv_addN(a, b, shift) __builtin_pulp_addN((a), (b), (shift))
#define eq_xcv_addRN(a, b, shift) __builtin_pulp_addRN((a), (b), (shift))
#else
#define eq_xcv_addN(a, b, shift) EQ_XCV_SIGNED(EQ_XCV_ADD(a, b), 0, shift)
#define eq_xcv_addRN(a, b, shift) EQ_XCV_SIGNED(EQ_XCV_ADD(a, b), eq_xcv_round(shift), shift)
#endif
#define eq_xcv_adduN(a, b, shift) EQ_XCV_UNSIGNED(EQ_XCV_ADD(a, b), 0, shift)
#define eq_xcv_adduRN(a, b, shift) EQ_XCV_UNSIGNED(EQ_XCV_ADD(a, b), eq_xcv_round(shift), shift)
#define eq_xcv_subN(a, b, shift) EQ_XCV_SIGNED(EQ_XCV_SUB(a, b), 0, shift)
#define eq_xcv_subuN(a, b, shift) EQ_XCV_UNSIGNED(EQ_XCV_SUB(a, b), 0, shift)
#define eq_xcv_subRN(a, b, shift) EQ_XCV_SIGNED(EQ_XCV_SUB(a, b), eq_xcv_round(shift), shift)
#define eq_xcv_subuRN(a, b, shift) EQ_XCV_UNSIGNED(EQ_XCV_SUB(a, b), eq_xcv_round(shift), shift)

#define EQ_XCV_LOW_S(a, b) (eq_xcv_s16((uint32_t)(a), 0u) * eq_xcv_s16((uint32_t)(b), 0u))
#define EQ_XCV_HIGH_S(a, b) (eq_xcv_s16((uint32_t)(a), 16u) * eq_xcv_s16((uint32_t)(b), 16u))
#define EQ_XCV_LOW_U(a, b) (eq_xcv_u16((uint32_t)(a), 0u) * eq_xcv_u16((uint32_t)(b), 0u))
#define EQ_XCV_HIGH_U(a, b) (eq_xcv_u16((uint32_t)(a), 16u) * eq_xcv_u16((uint32_t)(b), 16u))
#define eq_xcv_mulsN(a, b, shift) EQ_XCV_SIGNED(EQ_XCV_LOW_S(a, b), 0, shift)
#define eq_xcv_mulhhsN(a, b, shift) EQ_XCV_SIGNED(EQ_XCV_HIGH_S(a, b), 0, shift)
#define eq_xcv_mulsRN(a, b, shift) EQ_XCV_SIGNED(EQ_XCV_LOW_S(a, b), eq_xcv_round(shift), shift)
#define eq_xcv_mulhhsRN(a, b, shift) EQ_XCV_SIGNED(EQ_XCV_HIGH_S(a, b), eq_xcv_round(shift), shift)
#define eq_xcv_muluN(a, b, shift) EQ_XCV_UNSIGNED(EQ_XCV_LOW_U(a, b), 0, shift)
#define eq_xcv_mulhhuN(a, b, shift) EQ_XCV_UNSIGNED(EQ_XCV_HIGH_U(a, b), 0, shift)
#define eq_xcv_muluRN(a, b, shift) EQ_XCV_UNSIGNED(EQ_XCV_LOW_U(a, b), eq_xcv_round(shift), shift)
#define eq_xcv_mulhhuRN(a, b, shift) EQ_XCV_UNSIGNED(EQ_XCV_HIGH_U(a, b), eq_xcv_round(shift), shift)
#define eq_xcv_macsN(d, a, b, shift) EQ_XCV_SIGNED(EQ_XCV_ADD(d, EQ_XCV_LOW_S(a, b)), 0, shift)
#define eq_xcv_machhsN(d, a, b, shift) EQ_XCV_SIGNED(EQ_XCV_ADD(d, EQ_XCV_HIGH_S(a, b)), 0, shift)
#define eq_xcv_macsRN(d, a, b, shift) EQ_XCV_SIGNED(EQ_XCV_ADD(d, EQ_XCV_LOW_S(a, b)), eq_xcv_round(shift), shift)
#define eq_xcv_machhsRN(d, a, b, shift) EQ_XCV_SIGNED(EQ_XCV_ADD(d, EQ_XCV_HIGH_S(a, b)), eq_xcv_round(shift), shift)
#define eq_xcv_macuN(d, a, b, shift) EQ_XCV_UNSIGNED(EQ_XCV_ADD(d, EQ_XCV_LOW_U(a, b)), 0, shift)
#define eq_xcv_machhuN(d, a, b, shift) EQ_XCV_UNSIGNED(EQ_XCV_ADD(d, EQ_XCV_HIGH_U(a, b)), 0, shift)
#define eq_xcv_macuRN(d, a, b, shift) EQ_XCV_UNSIGNED(EQ_XCV_ADD(d, EQ_XCV_LOW_U(a, b)), eq_xcv_round(shift), shift)
#define eq_xcv_machhuRN(d, a, b, shift) EQ_XCV_UNSIGNED(EQ_XCV_ADD(d, EQ_XCV_HIGH_U(a, b)), eq_xcv_round(shift), shift)

#define EQ_XCV_LOAD_BY(type, memory, p, step)                        \
  ({                                                                 \
    const type eq_d_ = (type) * (const memory *)(const void *)(p);   \
    (p) = (__typeof__(p))((uintptr_t)(p) + (uintptr_t)(step));       \
    eq_d_;                                                           \
  })
#define EQ_XCV_STORE_BY(memory, p, value, step)                      \
  ({                                                                 \
    *(memory *)(void *)(p) = (memory)(value);                        \
    (p) = (__typeof__(p))((uintptr_t)(p) + (uintptr_t)(step));       \
  })
#define eq_xcv_load_b_by(p, step) EQ_XCV_LOAD_BY(int32_t, int8_t, p, step)
#define eq_xcv_load_h_by(p, step) EQ_XCV_LOAD_BY(int32_t, eq_xcv_signed_half_t, p, step)
#define eq_xcv_load_w_by(p, step) EQ_XCV_LOAD_BY(uint32_t, eq_xcv_word_t, p, step)
#define eq_xcv_load_bu_by(p, step) EQ_XCV_LOAD_BY(uint32_t, uint8_t, p, step)
#define eq_xcv_load_hu_by(p, step) EQ_XCV_LOAD_BY(uint32_t, eq_xcv_half_t, p, step)
#define eq_xcv_store_b_by(p, value, step) EQ_XCV_STORE_BY(uint8_t, p, value, step)
#define eq_xcv_store_h_by(p, value, step) EQ_XCV_STORE_BY(eq_xcv_half_t, p, value, step)
#define eq_xcv_store_w_by(p, value, step) EQ_XCV_STORE_BY(eq_xcv_word_t, p, value, step)
#define eq_xcv_load_b(p, step) eq_xcv_load_b_by(p, step)
#define eq_xcv_load_h(p, step) eq_xcv_load_h_by(p, step)
#define eq_xcv_load_w(p, step) eq_xcv_load_w_by(p, step)
#define eq_xcv_load_bu(p, step) eq_xcv_load_bu_by(p, step)
#define eq_xcv_load_hu(p, step) eq_xcv_load_hu_by(p, step)
#define eq_xcv_store_b(p, value, step) eq_xcv_store_b_by(p, value, step)
#define eq_xcv_store_h(p, value, step) eq_xcv_store_h_by(p, value, step)
#define eq_xcv_store_w(p, value, step) eq_xcv_store_w_by(p, value, step)

#endif
#endif
