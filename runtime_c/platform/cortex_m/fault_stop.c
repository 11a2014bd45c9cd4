/* Fault handler of the shipped firmware: stops where a debugger finds the core and its stacked registers. */
void eq_fault_handler(void);

__attribute__((section(".text.eq_wait"))) void eq_fault_handler(void) {
  for (;;) {
    __asm__ volatile("wfi");
  }
}
