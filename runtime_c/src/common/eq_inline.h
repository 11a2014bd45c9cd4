/* EQ_INLINE: a kernel's body is written once and inlined into one function per requantization form, so that the form is
 * a compile-time constant there and the linker drops the forms a model does not use (--gc-sections). */
#ifndef EQ_INLINE_H
#define EQ_INLINE_H

#define EQ_INLINE inline __attribute__((always_inline))

/* Pins a step of an unrolled loop: sums computed before it, loads of the next step after it. Without it GCC collects
 * the loads of all steps at the top of the loop and the products at its end, and runs out of registers. */
#define EQ_PIN4(a, b, c, d) __asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d) : : "memory")

#endif
