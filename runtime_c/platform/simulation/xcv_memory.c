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
EQ_TRAP_CODE static uint32_t load_immediate(const eq_decoded_t *d, uint32_t *x) {
  const uint32_t funct3 = field_funct3(d->word);
  const uint32_t address = x[d->rs1];
  const uint32_t value = load(address, funct3 & 3u, (int)(funct3 >> 2));
  x[d->rs1] = address + d->immediate;
  x[d->rd] = value;
  return d->next;
}

EQ_TRAP_CODE static uint32_t load_word_immediate(const eq_decoded_t *d, uint32_t *x) {
  const uint32_t address = x[d->rs1];
  const uint32_t value = *(const volatile uint32_t *)(uintptr_t)address;
  x[d->rs1] = address + d->immediate;
  x[d->rd] = value;
  return d->next;
}

/* custom-1, funct3 0..2: cv.sb, cv.sh, cv.sw rs2, (rs1), imm */
EQ_TRAP_CODE static uint32_t store_immediate(const eq_decoded_t *d, uint32_t *x) {
  const uint32_t address = x[d->rs1];
  store(address, x[d->rs2], field_funct3(d->word));
  x[d->rs1] = address + d->immediate;
  return d->next;
}

/* The offset of a store is in the field where other instructions have rd. */
EQ_TRAP_CODE static uint32_t access_register(const eq_decoded_t *d, uint32_t *x) {
  const uint32_t size = field_funct7(d->word) & 3u;
  const uint32_t kind = field_funct7(d->word) >> 2;
  const uint32_t address = x[d->rs1];
  const uint32_t offset = x[kind >= KIND_STORE_POST_INCREMENT ? d->rd : d->rs2];
  uint32_t value;
  switch (kind) {
    case KIND_LOAD_POST_INCREMENT:
    case KIND_LOAD_UNSIGNED_POST_INCREMENT:
      value = load(address, size, kind == KIND_LOAD_UNSIGNED_POST_INCREMENT);
      x[d->rs1] = address + offset;
      x[d->rd] = value;
      break;
    case KIND_LOAD_INDEXED:
    case KIND_LOAD_UNSIGNED_INDEXED:
      x[d->rd] = load(address + offset, size, kind == KIND_LOAD_UNSIGNED_INDEXED);
      break;
    case KIND_STORE_POST_INCREMENT:
      store(address, x[d->rs2], size);
      x[d->rs1] = address + offset;
      break;
    default: store(address + offset, x[d->rs2], size); break;
  }
  return d->next;
}

EQ_TRAP_CODE eq_operation_t eq_decode_memory(uint32_t word) {
  const uint32_t funct3 = field_funct3(word);
  if (field_opcode(word) == OPCODE_CUSTOM_0) {
    if ((funct3 & 3u) == 3u || funct3 == 6u) {
      return 0;
    }
    return funct3 == 2u ? load_word_immediate : load_immediate;
  }
  if (funct3 < FUNCT3_REGISTER) {
    return store_immediate;
  }
  const uint32_t kind = field_funct7(word) >> 2;
  const int valid = funct3 == FUNCT3_REGISTER && kind <= KIND_STORE_INDEXED && (field_funct7(word) & 3u) != 3u;
  return valid ? access_register : 0;
}
