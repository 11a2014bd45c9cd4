/* Software model of the CORE-V extensions, for cores that raise an illegal-instruction trap on them.
 *
 * Source of encodings and meanings: CV32E40P user manual, "CORE-V Instruction Set Custom Extensions" (v1.8).
 *
 * Each group of instructions has a file with one eq_decode_* function: it returns the operation that executes the word,
 * or null when the word is none of the group's. The emulator keeps decoded instructions, so an operation is chosen once
 * and executed often: common instructions have an operation of their own, the rest share a general one that looks at
 * the word again. */
#ifndef EQ_SIMULATION_XCV_EMULATOR_H
#define EQ_SIMULATION_XCV_EMULATOR_H

#include <stdint.h>

#include "report.h"
#include "trap_riscv.h"

/* Major opcodes, bits 6:0 */
enum {
  OPCODE_LOAD = 0x03,
  OPCODE_CUSTOM_0 = 0x0b, /* XCVmem post-increment loads, XCVbi branches */
  OPCODE_OP_IMM = 0x13,
  OPCODE_AUIPC = 0x17,
  OPCODE_STORE = 0x23,
  OPCODE_CUSTOM_1 = 0x2b, /* XCVmem, XCValu, XCVbitmanip, XCVmac, XCVhwlp */
  OPCODE_OP = 0x33,       /* also PULP smallfloat, with funct7[6:5] = 2 */
  OPCODE_LUI = 0x37,
  OPCODE_CUSTOM_2 = 0x5b, /* XCVbitmanip, XCValu and XCVmac with a shift immediate */
  OPCODE_BRANCH = 0x63,
  OPCODE_JALR = 0x67,
  OPCODE_JAL = 0x6f,
  OPCODE_CUSTOM_3 = 0x7b /* XCVsimd */
};

static inline uint32_t field_opcode(uint32_t word) { return word & 0x7fu; }
static inline uint32_t field_rd(uint32_t word) { return (word >> 7) & 31u; }
static inline uint32_t field_rs1(uint32_t word) { return (word >> 15) & 31u; }
static inline uint32_t field_rs2(uint32_t word) { return (word >> 20) & 31u; }
static inline uint32_t field_funct3(uint32_t word) { return (word >> 12) & 7u; }
static inline uint32_t field_funct7(uint32_t word) { return word >> 25; }

/* Arithmetic right shift of a bit pattern; `shift` 0 .. 31. */
/* cppcheck-suppress shiftTooManyBitsSigned ; eq_types.h asserts that such shifts are arithmetic */
static inline uint32_t shift_signed(uint32_t value, uint32_t shift) { return (uint32_t)((int32_t)value >> shift); }

static inline uint32_t immediate_i(uint32_t word) { return shift_signed(word, 20); }
static inline uint32_t immediate_s(uint32_t word) { return (immediate_i(word) & ~31u) | field_rd(word); }
static inline uint32_t immediate_j(uint32_t word) {
  return (shift_signed(word, 31) << 20) | (word & 0xff000u) | ((word >> 9) & 0x800u) | ((word >> 20) & 0x7feu);
}
static inline uint32_t immediate_b(uint32_t word) {
  return (shift_signed(word, 31) << 12) | ((word << 4) & 0x800u) | ((word >> 20) & 0x7e0u) | ((word >> 7) & 0x1eu);
}

static inline uint32_t extend_s8(uint32_t value) { return (uint32_t)(int32_t)(int8_t)(uint8_t)value; }
static inline uint32_t extend_s16(uint32_t value) { return (uint32_t)(int32_t)(int16_t)(uint16_t)value; }

/* Memory as the emulated program sees it; `size` 0, 1, 2 for bytes, halves, words. Misaligned accesses are done by
 * the machine. */
static inline void store(uint32_t address, uint32_t value, uint32_t size) {
  if (size == 0u) {
    *(volatile uint8_t *)(uintptr_t)address = (uint8_t)value;
  } else if (size == 1u) {
    *(volatile uint16_t *)(uintptr_t)address = (uint16_t)value;
  } else {
    *(volatile uint32_t *)(uintptr_t)address = value;
  }
}

static inline uint32_t load(uint32_t address, uint32_t size, int is_unsigned) {
  if (size == 0u) {
    const uint32_t value = *(const volatile uint8_t *)(uintptr_t)address;
    return is_unsigned ? value : extend_s8(value);
  }
  if (size == 1u) {
    const uint32_t value = *(const volatile uint16_t *)(uintptr_t)address;
    return is_unsigned ? value : extend_s16(value);
  }
  return *(const volatile uint32_t *)(uintptr_t)address;
}

/* A decoded instruction. */
typedef struct eq_decoded eq_decoded_t;

/* Executes it on the registers x[0..31] and returns the address of the next one, or EQ_UNKNOWN without effect when it
 * turns out to be reserved. x[0] may be written; the caller clears it. */
typedef uint32_t (*eq_operation_t)(const eq_decoded_t *d, uint32_t *x);
enum { EQ_UNKNOWN = 1 };

struct eq_decoded {
  uint32_t pc;              /* where it is; 0: this entry is empty */
  uint32_t word;            /* the instruction, expanded if it is compressed */
  uint32_t next;            /* the address after it */
  uint32_t immediate;       /* of its format, sign-extended */
  eq_operation_t operation; /* null: the emulator doesn't know it */
  uint8_t rd, rs1, rs2;
  uint8_t is_plain;         /* RV32IM: the machine could execute it */
};

eq_operation_t eq_decode_memory(uint32_t word);     /* custom-0 and custom-1: loads and stores */
eq_operation_t eq_decode_alu(uint32_t word);        /* custom-1 and custom-2 */
eq_operation_t eq_decode_simd(uint32_t word);       /* custom-3 */
eq_operation_t eq_decode_smallfloat(uint32_t word); /* PULP smallfloat: two FP16 values in an F register */
eq_operation_t eq_decode_rv32im(uint32_t word);

/* The 32-bit instruction that an RV32C halfword stands for, or 0 when it is none that eq_decode_rv32im knows. */
uint32_t eq_expand_compressed(uint32_t half);

#endif
