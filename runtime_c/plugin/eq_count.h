/* The instruction counter's own types: decoded instructions, configuration, results. */
#ifndef EQ_COUNT_H
#define EQ_COUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Classes of instructions; names and costs in the same order as eq_class_names. */
typedef enum {
  EQ_CLASS_ALU,
  EQ_CLASS_LOAD,
  EQ_CLASS_STORE,
  EQ_CLASS_LOAD_MULTIPLE,
  EQ_CLASS_STORE_MULTIPLE,
  EQ_CLASS_MUL,
  EQ_CLASS_MULH, /* upper half or 64-bit product */
  EQ_CLASS_MAC,  /* multiply-accumulate and dot products */
  EQ_CLASS_SIMD, /* other packed operations on integer registers */
  EQ_CLASS_DIV,
  EQ_CLASS_BRANCH, /* conditional */
  EQ_CLASS_JUMP,   /* unconditional: jumps, calls, returns */
  EQ_CLASS_HWLOOP, /* hardware-loop set-up and loop ends */
  EQ_CLASS_FP,
  EQ_CLASS_FPDIV,
  EQ_CLASS_VECTOR, /* Helium; RISC-V's vector extension */
  EQ_CLASS_VECTOR_LOAD,
  EQ_CLASS_VECTOR_STORE,
  EQ_CLASS_ATOMIC,
  EQ_CLASS_CSR,
  EQ_CLASS_OTHER,
  EQ_CLASS_COUNT
} eq_class_t;

extern const char *const eq_class_names[EQ_CLASS_COUNT];

/* How many vector registers an instruction works on, where LMUL and SEW are those of the last vsetvli. */
typedef enum {
  EQ_GROUP_NONE,
  EQ_GROUP_LMUL,     /* group_size times LMUL: 2 where an operand is twice as wide */
  EQ_GROUP_ELEMENTS, /* LMUL times group_size bits an element, by SEW: loads and stores */
  EQ_GROUP_WHOLE     /* group_size: whole registers, whatever LMUL is */
} eq_group_t;

/* Registers of a group under `vtype`, at least 1. */
static inline uint32_t eq_group_registers(uint8_t group, uint8_t size, uint16_t vtype) {
  const uint32_t lmul = vtype & 7u, sew = 8u << (vtype >> 3 & 7u);
  const uint32_t eighths = lmul < 4u ? 8u << lmul : 8u >> (8u - lmul);
  const uint32_t scaled = group == EQ_GROUP_WHOLE ? 8u * size
                          : group == EQ_GROUP_ELEMENTS ? eighths * size / sew : eighths * size;
  return scaled <= 8u ? 1u : (scaled + 7u) / 8u;
}

/* What the counter needs to know of one instruction. Register sets: bit n for integer register n, bit 32 + n for
 * float register n. */
typedef struct {
  eq_class_t class;
  uint8_t bytes;
  uint8_t transfers;   /* registers moved by a load or store of several, else 0 */
  uint8_t group;       /* of a RISC-V vector instruction: how many registers it works on, eq_group_t; else 0 */
  uint8_t group_size;  /* what `group` needs besides */
  bool sets_vtype;     /* vsetvli, vsetivli */
  uint16_t vtype;      /* what it sets */
  bool conditional;    /* a branch whose taken path costs extra */
  bool loads_pc;       /* a return by a load: costs like a taken branch */
  uint64_t reads;      /* source registers */
  uint64_t loaded;     /* registers that come from memory */
} eq_instruction_t;

/* `word`: the instruction's first 16 bits below its second 16 (also when it has only 16). */
typedef eq_instruction_t (*eq_decoder_t)(uint32_t word);
eq_instruction_t eq_decode_riscv(uint32_t word);
eq_instruction_t eq_decode_arm(uint32_t word);

/* Half-open address range. */
typedef struct {
  uint32_t start, end;
} eq_range_t;

static inline bool eq_in_range(eq_range_t range, uint32_t address) {
  return address >= range.start && address < range.end;
}

enum { EQ_HART_LIMIT = 16, EQ_PATH_LIMIT = 4096 };

/* From the configuration file; costs are in hundredths of a cycle. */
typedef struct {
  eq_decoder_t decode;
  uint32_t harts;
  char elf[EQ_PATH_LIMIT];
  char result[EQ_PATH_LIMIT];
  eq_range_t wait, trap, mark; /* code that isn't counted: waiting and boot, trap handler, marks */
  uint32_t marks;              /* address of eq_marks */
  eq_range_t retired;          /* addresses by which the emulator reports executed instructions */
  uint32_t retired_code;       /* address of the instruction reported at retired.start */
  uint64_t cost[EQ_CLASS_COUNT];
  uint64_t register_cost; /* for each register of a load or store of several */
  uint64_t taken_branch_extra, load_use_extra, fork, join;
  bool load_extra_unless_memory; /* charged when the next instruction is no memory access, not when it uses the data */
} eq_config_t;

/* Reads the file; returns false and prints why not. */
bool eq_config_read(const char *path, eq_config_t *config);

/* Executable bytes of the firmware. */
bool eq_elf_read(const char *path);
/* The 32 bits at an address, or false where the ELF has no code. */
bool eq_elf_fetch(uint32_t address, uint32_t *word);

/* Counts of one hart in one layer. */
typedef struct {
  uint64_t instructions, taken_branches, load_stalls, transfers, cycles;
  uint64_t classes[EQ_CLASS_COUNT];
} eq_tally_t;

typedef struct {
  uint64_t runs, cycles;
  eq_tally_t harts[EQ_HART_LIMIT];
} eq_layer_t;

enum { EQ_LAYER_LIMIT = 960 }; /* EQ_MARK_LAYER_LIMIT in eq_mark.h */

/* Writes the result file; layers that never ran are null. Returns false and prints why not. */
bool eq_result_write(const eq_config_t *config, eq_layer_t *const layers[EQ_LAYER_LIMIT], uint64_t forks);

#endif
