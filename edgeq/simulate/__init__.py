"""Runs a built firmware: QEMU for the cross-compiled boards, a process for the host; counts instructions."""
