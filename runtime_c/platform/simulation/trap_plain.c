/* Trap handler for cores without extensions to emulate: every exception is a fault. */
#include "report.h"
#include "trap_riscv.h"

EQ_TRAP_CODE uint32_t eq_trap(uint32_t *x, uint32_t cause, uint32_t pc, uint32_t value) {
  eq_fault(x, cause, pc, value, 0u);
}
