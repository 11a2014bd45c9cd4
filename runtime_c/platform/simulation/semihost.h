/* One semihosting call (Arm "Semihosting for AArch32 and AArch64"; the RISC-V specification takes over its operation
 * numbers). Implemented per architecture in semihost_<arch>.S. */
#ifndef EQ_SIMULATION_SEMIHOST_H
#define EQ_SIMULATION_SEMIHOST_H

#include <stdint.h>

enum {
  EQ_SEMIHOST_OPEN = 0x01,
  EQ_SEMIHOST_CLOSE = 0x02,
  EQ_SEMIHOST_WRITE0 = 0x04,
  EQ_SEMIHOST_WRITE = 0x05,
  EQ_SEMIHOST_READ = 0x06,
  EQ_SEMIHOST_SEEK = 0x0a,
  EQ_SEMIHOST_EXIT_EXTENDED = 0x20
};

/* Does `operation` with its parameter block (or string); returns the operation's result. */
intptr_t eq_semihost(uint32_t operation, const void *parameters);

#endif
