/* The only two C library functions that kernels may call; declared here because bare toolchains may lack string.h. */
#ifndef EQ_MEMORY_H
#define EQ_MEMORY_H

#include <stddef.h>

void *memcpy(void *restrict target, const void *restrict source, size_t bytes);
void *memset(void *target, int value, size_t bytes);

#endif
