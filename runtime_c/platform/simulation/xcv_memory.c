/* XCVmem: loads and stores with post-increment or with a register offset. */
#include "xcv_emulator.h"

/* custom-1, funct3 3: funct7 = kind << 2 | size, kinds as below; size 0 byte, 1 half, 2 word */
enum {
  KIND_LOAD_POST_INCREMENT = 0,
  KIND_LOAD_INDEXED = 1,
  KIND_LOAD_UNSIGNED_POST_INCREMENT = 2,
  KIND_LOAD_UNSIGNED_INDEXED = 3,
  KIND_STORE_POST_INCREMENT = 4,
  KIND_STORE_INDEXED = 5
};

enum { FUNCT3_REGISTER = 3 };

/* custom-0: funct3 bit 2 is "unsigned", bits 1:0 the size (cv.lb, cv.lh, cv.lw, cv.lbu, cv.lhu rd, (rs1), imm). When rd
 * and rs1 are the same register, the loaded value wins. */
EQ_TRAP_CODE static int load_immediate(uint32_t word, uint32_t *x) {
  const uint32_t funct3 = field_funct3(word);
  const uint32_t size = funct3 & 3u;
  if (size == 3u || funct3 == 6u) {
    return 0;
  }
  const uint32_t base = field_rs1(word);
  const uint32_t address = x[base];
  const uint32_t value = load(address, size, (int)(funct3 >> 2));
  x[base] = address + immediate_i(word);
  x[field_rd(word)] = value;
  return 1;
}

/* custom-1, funct3 0..2: cv.sb, cv.sh, cv.sw rs2, (rs1), imm */
EQ_TRAP_CODE static int store_immediate(uint32_t word, uint32_t *x) {
  const uint32_t base = field_rs1(word);
  const uint32_t address = x[base];
  store(address, x[field_rs2(word)], field_funct3(word));
  x[base] = address + immediate_s(word);
  return 1;
}

/* The offset of a store is in the field where other instructions have rd. */
EQ_TRAP_CODE static int access_register(uint32_t word, uint32_t *x) {
  const uint32_t size = field_funct7(word) & 3u;
  const uint32_t kind = field_funct7(word) >> 2;
  const uint32_t base = field_rs1(word);
  const uint32_t address = x[base];
  if (size == 3u || kind > KIND_STORE_INDEXED) {
    return 0;
  }
  const uint32_t offset = x[kind >= KIND_STORE_POST_INCREMENT ? field_rd(word) : field_rs2(word)];
  switch (kind) {
    case KIND_LOAD_POST_INCREMENT:
    case KIND_LOAD_UNSIGNED_POST_INCREMENT: {
      const uint32_t value = load(address, size, kind == KIND_LOAD_UNSIGNED_POST_INCREMENT);
      x[base] = address + offset;
      x[field_rd(word)] = value;
      return 1;
    }
    case KIND_LOAD_INDEXED:
    case KIND_LOAD_UNSIGNED_INDEXED:
      x[field_rd(word)] = load(address + offset, size, kind == KIND_LOAD_UNSIGNED_INDEXED);
      return 1;
    case KIND_STORE_POST_INCREMENT:
      store(address, x[field_rs2(word)], size);
      x[base] = address + offset;
      return 1;
    default: store(address + offset, x[field_rs2(word)], size); return 1;
  }
}

EQ_TRAP_CODE int eq_emulate_memory(uint32_t word, uint32_t *x) {
  if (field_opcode(word) == OPCODE_CUSTOM_0) {
    return load_immediate(word, x);
  }
  if (field_funct3(word) < FUNCT3_REGISTER) {
    return store_immediate(word, x);
  }
  return field_funct3(word) == FUNCT3_REGISTER && access_register(word, x);
}
