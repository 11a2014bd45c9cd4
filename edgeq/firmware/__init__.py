"""Firmware folder -> ELFs, and what they weigh."""
