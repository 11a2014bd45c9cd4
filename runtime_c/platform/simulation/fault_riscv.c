/* Any exception that isn't an emulated instruction ends the simulation with a message that names the place. */
#include "report.h"
#include "trap_riscv.h"

/* mcause values, RISC-V privileged specification, table "Machine cause register values" */
EQ_TRAP_CODE static const char *cause_name(uint32_t cause) {
  switch (cause) {
    case 0: return "instruction address misaligned";
    case 1: return "instruction fetch from a bad address";
    case EQ_CAUSE_ILLEGAL_INSTRUCTION: return "illegal instruction";
    case 3: return "breakpoint";
    case 4: return "misaligned load";
    case 5: return "load from a bad address";
    case 6: return "misaligned store";
    case 7: return "store to a bad address";
    case 11: return "environment call";
    default: return "exception";
  }
}

EQ_TRAP_CODE _Noreturn void eq_fault(const uint32_t *x, uint32_t cause, uint32_t pc, uint32_t value,
                                     uint32_t emulating) {
  eq_report_text("\nEDGEQ FAULT: ");
  eq_report_text(cause_name(cause));
  eq_report_text(" on core ");
  eq_report_number(eq_hart());
  eq_report_hex(", pc ", emulating != 0u ? emulating : pc);
  eq_report_hex(", mcause ", cause);
  eq_report_hex(", mepc ", pc);
  eq_report_hex(", mtval ", value);
  eq_report_hex(", ra ", x[1]);
  eq_report_hex(", sp ", x[2]);
  if (emulating != 0u) {
    eq_report_text(" (while emulating the instruction at pc)");
  }
  for (uint32_t i = 0; i < 32u; i++) {
    eq_report_text(i % 4u == 0u ? "\n  x" : "  x");
    eq_report_number(i);
    eq_report_hex(i < 10u ? "  " : " ", x[i]);
  }
  eq_report_text("\n");
  eq_report_exit();
}
