/* Trap handler of the simulation build for cores with CORE-V extensions: trap and emulate, with look-ahead.
 *
 * A trap costs far more than an instruction, so after the trapped one the emulator goes on with what follows, CORE-V
 * or plain RV32IMC, until it meets an instruction it doesn't know, PLAIN_RUN_LIMIT plain ones in a row, or code that
 * the counter must see executed by the machine (wait loops, marks). Hardware loops exist only in here: while one is
 * active the emulator never hands back. */
#include "xcv_emulator.h"

#ifndef EQ_CORES
#define EQ_CORES 1
#endif

enum { PLAIN_RUN_LIMIT = 16 };

typedef struct {
  uint32_t start, end, count;
} hardware_loop_t;

typedef struct {
  hardware_loop_t loops[2];
  uint32_t pc; /* of the instruction being emulated, 0 when idle */
  uint32_t *x; /* the program's registers while emulating */
} hart_t;

EQ_SIMULATION_DATA static hart_t harts[EQ_CORES];

extern uint8_t __eq_flash_start[], __eq_text_end[], __eq_wait_start[], __eq_wait_end[], __eq_retired[];

EQ_TRAP_CODE static inline uint32_t fetch(uint32_t pc) {
  const volatile uint16_t *half = (const volatile uint16_t *)(uintptr_t)pc;
  const uint32_t low = half[0];
  return (low & 3u) == 3u ? low | ((uint32_t)half[1] << 16) : low;
}

/* Tells the counter that the instruction at pc was executed: it looks at the address of this byte store. */
EQ_TRAP_CODE static inline void retire(uint32_t pc) {
  volatile uint8_t *shadow = __eq_retired + (pc - (uint32_t)(uintptr_t)__eq_flash_start);
  __asm__ volatile("sb zero, 0(%0)" : : "r"(shadow) : "memory");
}

/* May the emulator go on at pc, or must the machine execute what is there? */
EQ_TRAP_CODE static inline int may_look_ahead(uint32_t pc) {
  const uint32_t wait_start = (uint32_t)(uintptr_t)__eq_wait_start;
  const uint32_t wait_end = (uint32_t)(uintptr_t)__eq_wait_end;
  return pc >= (uint32_t)(uintptr_t)__eq_flash_start && pc < (uint32_t)(uintptr_t)__eq_text_end &&
         (pc < wait_start || pc >= wait_end);
}

/* XCVhwlp: custom-1, funct3 4; bits 11:8 choose the operation, bit 7 the loop. */
EQ_TRAP_CODE static int emulate_loop_setup(uint32_t word, const uint32_t *x, uint32_t pc, hardware_loop_t *loops) {
  hardware_loop_t *loop = &loops[(word >> 7) & 1u];
  const uint32_t immediate = word >> 20;
  const uint32_t source = x[field_rs1(word)];
  switch ((word >> 8) & 15u) {
    case 0: loop->start = pc + (immediate << 2); return 1;  /* cv.starti */
    case 1: loop->start = source & ~3u; return 1;           /* cv.start */
    case 2: loop->end = pc + (immediate << 2); return 1;    /* cv.endi */
    case 3: loop->end = source & ~3u; return 1;             /* cv.end */
    case 4: loop->count = immediate; return 1;              /* cv.counti */
    case 5: loop->count = source; return 1;                 /* cv.count */
    case 6:                                                 /* cv.setupi */
      *loop = (hardware_loop_t){pc + 4u, pc + (field_rs1(word) << 2), immediate};
      return 1;
    case 7:                                                 /* cv.setup */
      *loop = (hardware_loop_t){pc + 4u, pc + (immediate << 2), source};
      return 1;
    default: return 0;
  }
}

/* XCVbi: custom-0, funct3 6 (cv.beqimm) and 7 (cv.bneimm) against a signed 5-bit immediate. */
EQ_TRAP_CODE static void emulate_branch_immediate(uint32_t word, const uint32_t *x, uint32_t pc, uint32_t *next) {
  const uint32_t immediate = shift_signed(word << 7, 27);
  const int equal = x[field_rs1(word)] == immediate;
  if (equal == (field_funct3(word) == 6u)) {
    *next = pc + immediate_b(word);
  }
}

/* One CORE-V or smallfloat instruction. */
EQ_TRAP_CODE static int emulate_custom(uint32_t word, uint32_t *x, uint32_t pc, uint32_t *next, hart_t *hart) {
  switch (field_opcode(word)) {
    case OPCODE_CUSTOM_0:
      if (field_funct3(word) >= 6u) {
        emulate_branch_immediate(word, x, pc, next);
        return 1;
      }
      return eq_emulate_memory(word, x);
    case OPCODE_CUSTOM_1:
      if (field_funct3(word) == 4u) {
        return emulate_loop_setup(word, x, pc, hart->loops);
      }
      return eq_emulate_memory(word, x) || eq_emulate_alu(word, x);
    case OPCODE_CUSTOM_2: return eq_emulate_shift_alu(word, x);
    case OPCODE_CUSTOM_3: return eq_emulate_simd(word, x);
    case OPCODE_OP: return eq_emulate_smallfloat(word, x);
    default: return 0;
  }
}

/* The address after the instruction that ends at `next`, hardware loops considered; the inner loop is number 0. */
EQ_TRAP_CODE static inline uint32_t follow_loops(uint32_t next, hardware_loop_t *loops) {
  for (uint32_t i = 0; i < 2u; i++) {
    if (loops[i].count != 0u && next == loops[i].end) {
      loops[i].count--;
      if (loops[i].count != 0u) {
        return loops[i].start;
      }
    }
  }
  return next;
}

EQ_TRAP_CODE static inline int loops_active(const hart_t *hart) {
  return (hart->loops[0].count | hart->loops[1].count) != 0u;
}

/* Executes one instruction at pc and gives the address after it; 0 when it is none that the emulator knows. */
EQ_TRAP_CODE static inline int emulate_one(uint32_t *x, uint32_t pc, uint32_t *next, hart_t *hart, int *plain) {
  uint32_t word = fetch(pc);
  *plain = 1;
  if ((word & 3u) != 3u) {
    *next = pc + 2u;
    word = eq_expand_compressed(word);
    return word != 0u && eq_emulate_rv32im(word, x, pc, next);
  }
  *next = pc + 4u;
  if (eq_emulate_rv32im(word, x, pc, next)) {
    return 1;
  }
  *plain = 0;
  return emulate_custom(word, x, pc, next, hart);
}

/* Executes the trapped instruction at pc and what follows it. Returns the address at which the machine goes on; that
 * is `pc` itself when the trapped instruction is unknown. */
EQ_TRAP_CODE static uint32_t emulate(uint32_t *x, uint32_t pc, hart_t *hart) {
  uint32_t plain_run = 0u;
  int counted_by_machine = 1; /* the trapped instruction was; those after it are reported */
  for (;;) {
    uint32_t next;
    int plain;
    hart->pc = pc;
    const int done = emulate_one(x, pc, &next, hart, &plain);
    x[0] = 0u;
    if (!done) {
      break;
    }
    if (!counted_by_machine) {
      retire(pc);
    }
    counted_by_machine = 0;
    plain_run = plain ? plain_run + 1u : 0u;
    pc = follow_loops(next, hart->loops);
    if (!loops_active(hart) && (plain_run >= PLAIN_RUN_LIMIT || !may_look_ahead(pc))) {
      break;
    }
  }
  return pc;
}

EQ_TRAP_CODE uint32_t eq_trap(uint32_t *x, uint32_t cause, uint32_t pc, uint32_t value) {
  hart_t *hart = &harts[eq_hart()];
  if (hart->x != 0) { /* a fault inside the emulator: report the program's instruction and registers */
    eq_fault(hart->x, cause, pc, value, hart->pc);
  }
  if (cause == EQ_CAUSE_ILLEGAL_INSTRUCTION) {
    hart->x = x;
    const uint32_t next = emulate(x, pc, hart);
    hart->x = 0;
    if (loops_active(hart)) {
      eq_report_text("\n(an instruction in the body of a hardware loop can't be emulated)");
      eq_fault(x, cause, next, fetch(next), 0u);
    }
    if (next != pc) {
      return next;
    }
  }
  eq_fault(x, cause, pc, value, 0u);
}
