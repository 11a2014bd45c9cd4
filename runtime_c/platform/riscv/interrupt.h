/* How harts wake each other: the software-interrupt bits of a core-local interruptor (CLINT), as in QEMU's virt
 * machine. A port to a cluster with an event unit replaces this file. */
#ifndef EQ_INTERRUPT_H
#define EQ_INTERRUPT_H

#include <stdint.h>

#ifndef EQ_CLINT_BASE
#define EQ_CLINT_BASE 0x02000000u
#endif

static inline volatile uint32_t *eq_interrupt_bit(uint32_t core) {
  return (volatile uint32_t *)(uintptr_t)(EQ_CLINT_BASE + 4u * core);
}

static inline void eq_interrupt_set(uint32_t core) { *eq_interrupt_bit(core) = 1u; }
static inline void eq_interrupt_clear(uint32_t core) { *eq_interrupt_bit(core) = 0u; }

/* Sleeps until an interrupt is pending (at once if one is). */
static inline void eq_interrupt_wait(void) { __asm__ volatile("wfi" ::: "memory"); }

#endif
