/* The trap handler of the RISC-V simulation build. */
#ifndef EQ_SIMULATION_TRAP_RISCV_H
#define EQ_SIMULATION_TRAP_RISCV_H

#include <stdint.h>

enum { EQ_CAUSE_ILLEGAL_INSTRUCTION = 2 };

/* Called by the trap entry with the interrupted registers x0 .. x31 (x[0] is 0); returns the pc to go on at. */
uint32_t eq_trap(uint32_t *x, uint32_t cause, uint32_t pc, uint32_t value);

/* Reports a fault and ends the simulation. `emulating`: address of the program's instruction that the emulator was
 * executing, 0 when the machine executed it itself. */
_Noreturn void eq_fault(const uint32_t *x, uint32_t cause, uint32_t pc, uint32_t value, uint32_t emulating);

static inline uint32_t eq_hart(void) {
  uint32_t hart;
  __asm__(".option push\n.option arch, +zicsr\ncsrr %0, mhartid\n.option pop" : "=r"(hart));
  return hart;
}

#endif
