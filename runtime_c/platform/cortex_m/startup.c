/* Reset code and vector table of a Cortex-M firmware.
 *
 * The fault handlers come from another file: fault_stop.c in the shipped firmware, simulation/fault_cortex_m.c in the
 * simulation build. Devices have no interrupts here; a product adds its own after the 16 system vectors. */
#include <stdint.h>

extern uint32_t __eq_stack_bottom[], __eq_stack_top[];
extern uint32_t __eq_data_load[], __eq_data_start[], __eq_data_end[];
extern uint32_t __eq_bss_start[], __eq_bss_end[];

int main(void);
void eq_fault_handler(void);
void eq_reset_handler(void);
void eq_start(void);

#define SCB_CPACR (*(volatile uint32_t *)0xE000ED88u)
#define CPACR_FPU_FULL (0xFu << 20) /* coprocessors 10 and 11: FPU and MVE */

static inline void enable_coprocessors(void) {
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
  SCB_CPACR |= CPACR_FPU_FULL;
  __asm__ volatile("dsb\n\tisb" ::: "memory");
#endif
}

static inline void set_stack_limit(void) {
#if defined(__ARM_ARCH_8M_MAIN__) || defined(__ARM_ARCH_8_1M_MAIN__)
  /* Armv8-M faults on a push below the limit; older cores rely on the unmapped memory below RAM. */
  __asm__ volatile("msr msplim, %0" ::"r"(__eq_stack_bottom));
#endif
}

__attribute__((used, section(".text.eq_start"))) void eq_start(void) {
  set_stack_limit();
  enable_coprocessors();
  const uint32_t *source = __eq_data_load;
  /* cppcheck-suppress comparePointers ; symbols of the linker script, ends of one region */
  for (uint32_t *word = __eq_data_start; word < __eq_data_end; word++) {
    *word = *source;
    source++;
  }
  /* cppcheck-suppress comparePointers ; symbols of the linker script, ends of one region */
  for (uint32_t *word = __eq_bss_start; word < __eq_bss_end; word++) {
    *word = 0u;
  }
  (void)main();
  for (;;) {
    __asm__ volatile("wfi");
  }
}

/* The hardware has loaded sp from the vector table. */
__attribute__((naked, used, section(".text.eq_start"))) void eq_reset_handler(void) {
  __asm__ volatile("b eq_start");
}

typedef void (*vector_t)(void);

__attribute__((used, section(".vectors"))) static const vector_t vectors[16] = {
    (vector_t)(uintptr_t)__eq_stack_top,
    eq_reset_handler,
    eq_fault_handler, /* NMI */
    eq_fault_handler, /* HardFault */
    eq_fault_handler, /* MemManage */
    eq_fault_handler, /* BusFault */
    eq_fault_handler, /* UsageFault */
    eq_fault_handler, /* SecureFault (Armv8-M) */
    0,
    0,
    0,
    eq_fault_handler, /* SVCall */
    eq_fault_handler, /* DebugMonitor */
    0,
    eq_fault_handler, /* PendSV */
    eq_fault_handler, /* SysTick */
};
