/* Events for the instruction counter (eq_mark.h): what counts is the address of the store, not its value. */
#include "eq_mark.h"

__attribute__((section(".bss.eq_simulation"), aligned(64))) volatile uint32_t eq_marks[EQ_MARK_COUNT];

__attribute__((noinline, section(".text.eq_mark"))) void eq_mark(uint32_t code) { eq_marks[code] = 1u; }
