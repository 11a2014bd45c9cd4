#include "report.h"

#include "eq_port.h"

enum { REPORT_LIMIT = 2048 };

EQ_SIMULATION_DATA static char report[REPORT_LIMIT];
EQ_SIMULATION_DATA static uint32_t used;

EQ_TRAP_CODE static void put(char letter) {
  if (used + 1u < REPORT_LIMIT) {
    report[used] = letter;
    used++;
    report[used] = '\0';
  }
}

EQ_TRAP_CODE void eq_report_text(const char *text) {
  for (; *text != '\0'; text++) {
    put(*text);
  }
}

EQ_TRAP_CODE void eq_report_hex(const char *label, uint32_t value) {
  eq_report_text(label);
  eq_report_text("0x");
  for (int shift = 28; shift >= 0; shift -= 4) {
    const uint32_t digit = (value >> shift) & 15u;
    put((char)(digit < 10u ? '0' + digit : 'a' + digit - 10u));
  }
}

EQ_TRAP_CODE void eq_report_number(uint32_t value) {
  if (value >= 10u) {
    eq_report_number(value / 10u);
  }
  put((char)('0' + value % 10u));
}

EQ_TRAP_CODE _Noreturn void eq_report_exit(void) {
  eq_port_print(report);
  eq_port_exit(EQ_FAULT_EXIT_CODE);
}
