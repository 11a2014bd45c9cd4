/* Fault handler of the shipped firmware: stops where a debugger finds the core and its stacked registers. Weak: a
 * product may bring its own. */
void eq_fault_handler(void);

__attribute__((weak, section(".text.eq_wait"))) void eq_fault_handler(void) {
  for (;;) {
    __asm__ volatile("wfi");
  }
}
