/* Text of a fault message, put together without libc and without the interrupted program's stack. */
#ifndef EQ_SIMULATION_REPORT_H
#define EQ_SIMULATION_REPORT_H

#include <stdint.h>

/* Code and data of the simulation build that must not lie in the product's memory regions. */
#define EQ_TRAP_CODE __attribute__((section(".text.eq_trap")))
#define EQ_SIMULATION_DATA __attribute__((section(".simulation")))

/* Exit code of a firmware that stopped on a fault. */
#define EQ_FAULT_EXIT_CODE 99

void eq_report_text(const char *text);
void eq_report_hex(const char *label, uint32_t value);
void eq_report_number(uint32_t value);
/* Prints what was put together and ends the simulation with EQ_FAULT_EXIT_CODE. */
_Noreturn void eq_report_exit(void);

#endif
