/* Trap handler of the shipped firmware: any exception stops the core where a debugger finds it (mepc, mcause). Weak: a
 * product may bring its own. */
    .section .text.eq_wait, "ax"
    .balign 4
    .weak eq_trap_vector
eq_trap_vector:
    wfi
    j eq_trap_vector
