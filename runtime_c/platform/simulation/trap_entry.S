/* Trap entry of the simulation build: saves x0 .. x31 on the hart's trap stack and calls eq_trap.
 *
 * mscratch holds the trap stack while normal code runs and 0 while a trap is handled, so a fault inside the handler
 * (an emulated load from a bad address) is recognised and goes on below on the same trap stack. */
    .option arch, +zicsr
    .equ FRAME_BYTES, 128

    .section .text.eq_trap, "ax"
    .globl eq_trap_vector
    .balign 4
eq_trap_vector:
    csrrw sp, mscratch, sp
    bnez sp, save
    csrr sp, mscratch
save:
    addi sp, sp, -FRAME_BYTES
    sw x1, 4(sp)
    .irp n, 3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    sw x\n, 4*\n(sp)
    .endr
    csrrw s0, mscratch, zero
    sw s0, 8(sp)               # the interrupted sp
    sw zero, 0(sp)
    mv a0, sp
    csrr a1, mcause
    csrr a2, mepc
    csrr a3, mtval
    call eq_trap
    csrw mepc, a0
    addi t0, sp, FRAME_BYTES
    csrw mscratch, t0
    .irp n, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    lw x\n, 4*\n(sp)
    .endr
    lw sp, 8(sp)               # may have been changed by an emulated instruction
    mret
