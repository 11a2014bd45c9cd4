/* Reset code for one RV32 core or a cluster of EQ_CORES harts (default 1).
 *
 * Hart 0 copies .data from flash, clears .bss and calls main; the other harts sleep until hart 0 first wakes them
 * through their software interrupt, so they touch no memory before it is initialised. Harts beyond EQ_CORES sleep for
 * good. Interrupts stay masked: a pending one only ends a wfi. Everything here is in a section that the instruction
 * counter leaves out. */

#ifndef EQ_CORES
#define EQ_CORES 1
#endif

#define MSTATUS_FS_INITIAL 0x2000
#define MSTATUS_VS_INITIAL 0x200
#define MIE_SOFTWARE 0x8

    .option arch, +zicsr
    .section .text.eq_start, "ax"
    .globl _start
_start:
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    csrr s0, mhartid
    li t0, EQ_CORES
    bgeu s0, t0, sleep_forever

    /* Stacks of stack_bytes each lie one after the other; __eq_stack_top is the end of hart 0's. */
    lui t1, %hi(__eq_stack_bytes)
    addi t1, t1, %lo(__eq_stack_bytes)
    la sp, __eq_stack_top
    mv t2, s0
next_stack:
    beqz t2, stack_found
    add sp, sp, t1
    addi t2, t2, -1
    j next_stack
stack_found:

    la t0, eq_trap_vector
    csrw mtvec, t0
#ifdef EQ_SIMULATION
    /* mscratch holds the hart's trap stack while it runs normal code. */
    la t0, __eq_trap_stacks
    lui t1, %hi(__eq_trap_stack_bytes)
    addi t1, t1, %lo(__eq_trap_stack_bytes)
    addi t2, s0, 1
next_trap_stack:
    add t0, t0, t1
    addi t2, t2, -1
    bnez t2, next_trap_stack
    csrw mscratch, t0
#endif
#ifdef __riscv_flen
    li t0, MSTATUS_FS_INITIAL
    csrs mstatus, t0
    csrw fcsr, zero
#endif
#ifdef __riscv_vector
    li t0, MSTATUS_VS_INITIAL
    csrs mstatus, t0
#endif
#if EQ_CORES > 1
    li t0, MIE_SOFTWARE
    csrw mie, t0
    bnez s0, worker
#endif

    la t0, __eq_data_load
    la t1, __eq_data_start
    la t2, __eq_data_end
copy_data:
    bgeu t1, t2, data_copied
    lw t3, 0(t0)
    sw t3, 0(t1)
    addi t0, t0, 4
    addi t1, t1, 4
    j copy_data
data_copied:
    la t1, __eq_bss_start
    la t2, __eq_bss_end
clear_bss:
    bgeu t1, t2, bss_cleared
    sw zero, 0(t1)
    addi t1, t1, 4
    j clear_bss
bss_cleared:
    li a0, 0
    li a1, 0
    call main
    j sleep_forever

#if EQ_CORES > 1
worker:
    wfi
    csrr t0, mip
    andi t0, t0, MIE_SOFTWARE
    beqz t0, worker
    mv a0, s0
    call eq_team_worker
#endif
sleep_forever:
    wfi
    j sleep_forever
