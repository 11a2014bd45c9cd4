"""Model files in, float graphs out. Torch is imported in a process of its own, never in this one."""
