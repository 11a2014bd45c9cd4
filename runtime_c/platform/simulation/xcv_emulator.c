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

enum { PLAIN_RUN_LIMIT = 16, CACHE_ENTRIES = 1024 };

typedef struct {
  uint32_t start, end, count;
} hardware_loop_t;

typedef struct {
  hardware_loop_t loops[2];
  uint32_t pc; /* of the instruction being emulated, 0 when idle */
  uint32_t *x; /* the program's registers while emulating */
  eq_decoded_t cache[CACHE_ENTRIES]; /* by address, replaced when another instruction falls on the same entry */
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
EQ_TRAP_CODE static uint32_t set_up_loop(const eq_decoded_t *d, uint32_t *x) {
  hardware_loop_t *loop = &harts[eq_hart()].loops[(d->word >> 7) & 1u];
  const uint32_t immediate = d->word >> 20;
  const uint32_t source = x[d->rs1];
  switch ((d->word >> 8) & 15u) {
    case 0: loop->start = d->pc + (immediate << 2); break; /* cv.starti */
    case 1: loop->start = source & ~3u; break;             /* cv.start */
    case 2: loop->end = d->pc + (immediate << 2); break;   /* cv.endi */
    case 3: loop->end = source & ~3u; break;               /* cv.end */
    case 4: loop->count = immediate; break;                /* cv.counti */
    case 5: loop->count = source; break;                   /* cv.count */
    case 6: *loop = (hardware_loop_t){d->next, d->pc + ((uint32_t)d->rs1 << 2), immediate}; break; /* cv.setupi */
    case 7: *loop = (hardware_loop_t){d->next, d->pc + (immediate << 2), source}; break;           /* cv.setup */
    default: return EQ_UNKNOWN;
  }
  return d->next;
}

/* XCVbi: custom-0, funct3 6 (cv.beqimm) and 7 (cv.bneimm) against a signed 5-bit immediate. */
EQ_TRAP_CODE static uint32_t branch_immediate(const eq_decoded_t *d, uint32_t *x) {
  const uint32_t equal = x[d->rs1] == shift_signed(d->word << 7, 27);
  return equal == (field_funct3(d->word) == 6u) ? d->pc + immediate_b(d->word) : d->next;
}

EQ_TRAP_CODE static eq_operation_t decode_custom(uint32_t word) {
  const uint32_t funct3 = field_funct3(word);
  eq_operation_t operation;
  switch (field_opcode(word)) {
    case OPCODE_CUSTOM_0: return funct3 >= 6u ? branch_immediate : eq_decode_memory(word);
    case OPCODE_CUSTOM_1:
      if (funct3 == 4u) {
        return set_up_loop;
      }
      operation = eq_decode_memory(word);
      return operation != 0 ? operation : eq_decode_alu(word);
    case OPCODE_CUSTOM_2: return eq_decode_alu(word);
    case OPCODE_CUSTOM_3: return eq_decode_simd(word);
    case OPCODE_OP: return eq_decode_smallfloat(word);
    default: return 0;
  }
}

EQ_TRAP_CODE static uint32_t immediate_of(uint32_t word) {
  switch (field_opcode(word)) {
    case OPCODE_STORE:
    case OPCODE_CUSTOM_1: return immediate_s(word);
    case OPCODE_BRANCH: return immediate_b(word);
    case OPCODE_JAL: return immediate_j(word);
    default: return immediate_i(word);
  }
}

EQ_TRAP_CODE __attribute__((noinline)) static void decode(eq_decoded_t *d, uint32_t pc) {
  uint32_t word = fetch(pc);
  d->pc = pc;
  d->next = pc + ((word & 3u) == 3u ? 4u : 2u);
  if ((word & 3u) != 3u) {
    word = eq_expand_compressed(word);
  }
  d->word = word;
  d->rd = (uint8_t)field_rd(word);
  d->rs1 = (uint8_t)field_rs1(word);
  d->rs2 = (uint8_t)field_rs2(word);
  d->immediate = immediate_of(word);
  d->operation = eq_decode_rv32im(word);
  d->is_plain = d->operation != 0;
  if (d->operation == 0) {
    d->operation = decode_custom(word);
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

/* Executes the trapped instruction at pc and what follows it. Returns the address at which the machine goes on (that may
 * be pc again, after a whole turn of a loop), or EQ_UNKNOWN when the trapped instruction is unknown. */
EQ_TRAP_CODE static uint32_t emulate(uint32_t *x, uint32_t pc, hart_t *hart) {
  uint32_t plain_run = 0u;
  int counted_by_machine = 1; /* the trapped instruction was; those after it are reported */
  for (;;) {
    eq_decoded_t *d = &hart->cache[(pc >> 1) % CACHE_ENTRIES];
    if (d->pc != pc) {
      decode(d, pc);
    }
    hart->pc = pc;
    uint32_t next = d->operation == 0 ? EQ_UNKNOWN : d->operation(d, x);
    x[0] = 0u;
    if (next == EQ_UNKNOWN) {
      return counted_by_machine ? EQ_UNKNOWN : pc;
    }
    if (!counted_by_machine) {
      retire(pc);
    }
    counted_by_machine = 0;
    plain_run = d->is_plain ? plain_run + 1u : 0u;
    if (loops_active(hart)) {
      pc = follow_loops(next, hart->loops);
      if (loops_active(hart)) {
        continue;
      }
    } else {
      pc = next;
    }
    /* Straight code doesn't run into functions that the machine must execute; jumps may. */
    if (plain_run >= PLAIN_RUN_LIMIT || (pc != d->next && !may_look_ahead(pc))) {
      return pc;
    }
  }
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
    if (next != EQ_UNKNOWN) {
      return next;
    }
  }
  eq_fault(x, cause, pc, value, 0u);
}
