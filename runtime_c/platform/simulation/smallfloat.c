/* PULP smallfloat, format H: two FP16 values in an F register (FLEN = 32).
 *
 * Arithmetic runs on the simulator's own Zfh instructions: one correct rounding per operation, rounding mode and flags
 * of the program. Integer code never holds values in F registers here, so the program's are still in place; ft0..ft2
 * are put back after each use. Widening dot products (vfdotpex) keep their partial sums in FP32. */
#include "xcv_emulator.h"

/* funct7 under OPCODE_OP; funct3: bits 1:0 = 2 for format H, bit 2 replicates the lower half of rs2 */
enum {
  VFADD = 0x41,
  VFSUB = 0x42,
  VFMUL = 0x43,
  VFDIV = 0x44,
  VFMIN = 0x45,
  VFMAX = 0x46,
  VFMAC = 0x48,
  VFDOTPEX_S = 0x4b,
  VFCVT = 0x4c, /* rs2 chooses */
  VFCPKA_S = 0x58
};

enum { FORMAT_H = 2, VFCVT_X_H = 2, VFCVT_H_X = 3 };

#if defined(__riscv_flen)

#define EACH_REGISTER(X)                                                                                          \
  X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16) X(17) X(18) X(19)    \
  X(20) X(21) X(22) X(23) X(24) X(25) X(26) X(27) X(28) X(29) X(30) X(31)

EQ_TRAP_CODE static uint32_t read_f(uint32_t index) {
  uint32_t value = 0u;
#define READ(n) \
  case n: __asm__ volatile("fmv.x.w %0, f" #n : "=r"(value)); break;
  switch (index) { EACH_REGISTER(READ) default: break; }
#undef READ
  return value;
}

EQ_TRAP_CODE static void write_f(uint32_t index, uint32_t value) {
#define WRITE(n) \
  case n: __asm__ volatile("fmv.w.x f" #n ", %0" : : "r"(value)); break;
  switch (index) { EACH_REGISTER(WRITE) default: break; }
#undef WRITE
}

/* Runs `body` on ft0..ft2 = a, b, c (bit patterns) and returns its result, the integer register %0. */
#define WITH_ZFH(body)                                                             \
  ".option push\n\t.option arch, +zfh\n\t"                                         \
  "fmv.x.w t0, ft0\n\tfmv.x.w t1, ft1\n\tfmv.x.w t2, ft2\n\t" body                 \
  "fmv.w.x ft0, t0\n\tfmv.w.x ft1, t1\n\tfmv.w.x ft2, t2\n\t.option pop"

#define DEFINE_OPERATION(name, body)                                                                      \
  EQ_TRAP_CODE static uint32_t name(uint32_t a, uint32_t b, uint32_t c) {                                 \
    uint32_t result;                                                                                      \
    __asm__ volatile(WITH_ZFH(body) : "=&r"(result) : "r"(a), "r"(b), "r"(c) : "t0", "t1", "t2");         \
    return result;                                                                                        \
  }

#define LOAD_H "fmv.h.x ft0, %1\n\tfmv.h.x ft1, %2\n\tfmv.h.x ft2, %3\n\t"
#define STORE_H "fmv.x.h %0, ft0\n\t"

DEFINE_OPERATION(add_h, LOAD_H "fadd.h ft0, ft0, ft1\n\t" STORE_H)
DEFINE_OPERATION(sub_h, LOAD_H "fsub.h ft0, ft0, ft1\n\t" STORE_H)
DEFINE_OPERATION(mul_h, LOAD_H "fmul.h ft0, ft0, ft1\n\t" STORE_H)
DEFINE_OPERATION(div_h, LOAD_H "fdiv.h ft0, ft0, ft1\n\t" STORE_H)
DEFINE_OPERATION(min_h, LOAD_H "fmin.h ft0, ft0, ft1\n\t" STORE_H)
DEFINE_OPERATION(max_h, LOAD_H "fmax.h ft0, ft0, ft1\n\t" STORE_H)
DEFINE_OPERATION(fma_h, LOAD_H "fmadd.h ft0, ft0, ft1, ft2\n\t" STORE_H)
DEFINE_OPERATION(fma_s, LOAD_H "fmv.w.x ft2, %3\n\tfcvt.s.h ft0, ft0\n\tfcvt.s.h ft1, ft1\n\t"
                               "fmadd.s ft0, ft0, ft1, ft2\n\tfmv.x.w %0, ft0\n\t")
DEFINE_OPERATION(s_to_h, "fmv.w.x ft0, %1\n\tfcvt.h.s ft0, ft0\n\t" STORE_H)
DEFINE_OPERATION(h_to_w, LOAD_H "fcvt.w.h %0, ft0\n\t")
DEFINE_OPERATION(w_to_h, "fcvt.h.w ft0, %1\n\t" STORE_H)

typedef uint32_t (*operation_t)(uint32_t a, uint32_t b, uint32_t c);

EQ_TRAP_CODE static uint32_t both_halves(operation_t operation, uint32_t a, uint32_t b, uint32_t c) {
  const uint32_t low = operation(a & 0xffffu, b & 0xffffu, c & 0xffffu);
  const uint32_t high = operation(a >> 16, b >> 16, c >> 16);
  return (low & 0xffffu) | (high << 16);
}

EQ_TRAP_CODE static uint32_t saturate_s16(uint32_t value) {
  const int32_t number = (int32_t)value;
  return (uint32_t)(number > INT16_MAX ? INT16_MAX : number < INT16_MIN ? INT16_MIN : number);
}

EQ_TRAP_CODE static int convert(uint32_t word, uint32_t *x) {
  if (field_rs2(word) == VFCVT_X_H) {
    const uint32_t a = read_f(field_rs1(word));
    const uint32_t low = saturate_s16(h_to_w(a & 0xffffu, 0u, 0u));
    const uint32_t high = saturate_s16(h_to_w(a >> 16, 0u, 0u));
    x[field_rd(word)] = (high << 16) | (low & 0xffffu);
    return 1;
  }
  if (field_rs2(word) == VFCVT_H_X) {
    const uint32_t a = x[field_rs1(word)];
    const uint32_t low = w_to_h(extend_s16(a), 0u, 0u);
    write_f(field_rd(word), (low & 0xffffu) | (w_to_h(shift_signed(a, 16), 0u, 0u) << 16));
    return 1;
  }
  return 0;
}

EQ_TRAP_CODE static operation_t element_operation(uint32_t funct7) {
  switch (funct7) {
    case VFADD: return add_h;
    case VFSUB: return sub_h;
    case VFMUL: return mul_h;
    case VFDIV: return div_h;
    case VFMIN: return min_h;
    case VFMAX: return max_h;
    case VFMAC: return fma_h;
    default: return 0;
  }
}

EQ_TRAP_CODE static int execute(uint32_t word, uint32_t *x) {
  const uint32_t funct3 = field_funct3(word);
  const uint32_t funct7 = field_funct7(word);
  const uint32_t rd = field_rd(word);
  if ((funct3 & 3u) != FORMAT_H && !(funct7 == VFDOTPEX_S && funct3 == 0u)) {
    return 0; /* vfdotpex.s.h has two published encodings: funct3 2 (PULP) and 0 (Snitch) */
  }
  if (funct7 == VFCVT) {
    return convert(word, x);
  }
  const uint32_t a = read_f(field_rs1(word));
  uint32_t b = read_f(field_rs2(word));
  if ((funct3 & 4u) != 0u) {
    b = (b & 0xffffu) | (b << 16);
  }
  const operation_t operation = element_operation(funct7);
  if (operation != 0) {
    write_f(rd, both_halves(operation, a, b, funct7 == VFMAC ? read_f(rd) : 0u));
    return 1;
  }
  if (funct7 == VFDOTPEX_S) {
    const uint32_t low = fma_s(a & 0xffffu, b & 0xffffu, read_f(rd));
    write_f(rd, fma_s(a >> 16, b >> 16, low));
    return 1;
  }
  if (funct7 == VFCPKA_S) {
    write_f(rd, (s_to_h(a, 0u, 0u) & 0xffffu) | (s_to_h(b, 0u, 0u) << 16));
    return 1;
  }
  return 0;
}

EQ_TRAP_CODE static uint32_t smallfloat(const eq_decoded_t *d, uint32_t *x) {
  return execute(d->word, x) ? d->next : EQ_UNKNOWN;
}

EQ_TRAP_CODE eq_operation_t eq_decode_smallfloat(uint32_t word) {
  return (field_funct7(word) >> 5) == 2u ? smallfloat : 0;
}

#else

EQ_TRAP_CODE eq_operation_t eq_decode_smallfloat(uint32_t word) {
  (void)word;
  return 0;
}

#endif
