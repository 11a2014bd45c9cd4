/* Any exception ends the simulation with a message that names the place (Armv7-M / Armv8-M fault status registers). */
#include "report.h"

extern uint32_t __eq_trap_stacks[], __eq_ram_start[], __eq_ram_end[];

void eq_fault_handler(void);
_Noreturn void eq_fault(const uint32_t *frame, uint32_t exception);

#define SCB_CFSR (*(volatile uint32_t *)0xE000ED28u)
#define SCB_HFSR (*(volatile uint32_t *)0xE000ED2Cu)
#define SCB_MMFAR (*(volatile uint32_t *)0xE000ED34u)
#define SCB_BFAR (*(volatile uint32_t *)0xE000ED38u)

typedef struct {
  uint32_t bit;
  const char *name;
} flag_t;

/* Configurable fault status register, most telling bits first */
static const flag_t flags[] = {
    {1u << 20, "stack overflow"},
    {1u << 25, "division by zero"},
    {1u << 24, "unaligned access"},
    {1u << 19, "coprocessor instruction (FPU or MVE) on a core where it is off"},
    {1u << 18, "bad exception return"},
    {1u << 17, "jump to a non-Thumb address"},
    {1u << 16, "illegal instruction"},
    {1u << 9, "load from or store to a bad address"},
    {1u << 10, "store to a bad address"},
    {1u << 8, "instruction fetch from a bad address"},
    {1u << 12, "bad stack pointer"},
    {1u << 13, "bad stack pointer"},
    {1u << 1, "access forbidden by the memory protection"},
    {1u << 0, "jump to memory that must not be executed"},
};

enum { EXCEPTION_HARD_FAULT = 3, FRAME_WORDS = 8 };

EQ_TRAP_CODE static const char *fault_name(uint32_t cfsr) {
  for (uint32_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
    if ((cfsr & flags[i].bit) != 0u) {
      return flags[i].name;
    }
  }
  return "exception";
}

/* `frame`: r0, r1, r2, r3, r12, lr, pc, xpsr as the hardware stacked them. */
EQ_TRAP_CODE __attribute__((used)) _Noreturn void eq_fault(const uint32_t *frame, uint32_t exception) {
  static const char *const names[FRAME_WORDS] = {"\n  r0 ", "  r1 ", "  r2 ", "  r3 ",
                                                 "\n  r12 ", "  lr ", "  pc ", "  xpsr "};
  const uint32_t cfsr = SCB_CFSR;
  const int readable = (uintptr_t)frame >= (uintptr_t)__eq_ram_start &&
                       (uintptr_t)(frame + FRAME_WORDS) <= (uintptr_t)__eq_ram_end;
  eq_report_text("\nEDGEQ FAULT: ");
  eq_report_text(fault_name(cfsr));
  eq_report_text(" on core 0");
  eq_report_hex(", pc ", readable ? frame[6] : 0u);
  eq_report_hex(", lr ", readable ? frame[5] : 0u);
  eq_report_hex(", sp ", (uint32_t)(uintptr_t)frame);
  eq_report_hex(", CFSR ", cfsr);
  eq_report_hex(", HFSR ", SCB_HFSR);
  eq_report_hex(", BFAR ", SCB_BFAR);
  eq_report_hex(", MMFAR ", SCB_MMFAR);
  eq_report_text(", exception ");
  eq_report_number(exception);
  for (uint32_t i = 0; i < FRAME_WORDS && readable; i++) {
    eq_report_hex(names[i], frame[i]);
  }
  eq_report_text("\n");
  eq_report_exit();
}

/* Leaves the program's stack, which may be the fault's cause, before any C code runs. */
EQ_TRAP_CODE __attribute__((naked)) void eq_fault_handler(void) {
  __asm__ volatile(
      "mov r0, sp\n\t"
      "mrs r1, ipsr\n\t"
#if defined(__ARM_ARCH_8M_MAIN__) || defined(__ARM_ARCH_8_1M_MAIN__)
      "movs r2, #0\n\t"
      "msr msplim, r2\n\t"
#endif
      "ldr r2, =__eq_trap_stacks_end\n\t"
      "mov sp, r2\n\t"
      "b eq_fault\n\t"
      ".ltorg");
}
