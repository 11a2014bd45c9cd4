/* eq_port.h over semihosting: files live in the simulator's working directory, the console is its stderr. */
#include "eq_port.h"
#include "semihost.h"

#define EQ_PORT_CODE __attribute__((section(".text.eq_trap")))

/* fopen modes of SYS_OPEN */
static const uint8_t modes[] = {[EQ_PORT_READ] = 1, [EQ_PORT_WRITE] = 5, [EQ_PORT_UPDATE] = 3};

/* "ADP_Stopped_ApplicationExit": the reason that makes SYS_EXIT_EXTENDED pass on the exit code */
enum { STOPPED_APPLICATION_EXIT = 0x20026 };

EQ_PORT_CODE static uintptr_t text_length(const char *text) {
  uintptr_t length = 0;
  while (text[length] != '\0') {
    length++;
  }
  return length;
}

EQ_PORT_CODE int32_t eq_port_open(const char *name, eq_port_mode_t mode) {
  const uintptr_t parameters[3] = {(uintptr_t)name, modes[mode], text_length(name)};
  return (int32_t)eq_semihost(EQ_SEMIHOST_OPEN, parameters);
}

/* SYS_READ and SYS_WRITE return the number of bytes that were NOT moved. */
EQ_PORT_CODE static size_t transfer(uint32_t operation, int32_t handle, const void *data, size_t bytes) {
  const uintptr_t parameters[3] = {(uintptr_t)handle, (uintptr_t)data, bytes};
  const intptr_t left = eq_semihost(operation, parameters);
  return left < 0 || (size_t)left > bytes ? 0u : bytes - (size_t)left;
}

EQ_PORT_CODE size_t eq_port_read(int32_t handle, void *data, size_t bytes) {
  return transfer(EQ_SEMIHOST_READ, handle, data, bytes);
}

EQ_PORT_CODE size_t eq_port_write(int32_t handle, const void *data, size_t bytes) {
  return transfer(EQ_SEMIHOST_WRITE, handle, data, bytes);
}

EQ_PORT_CODE void eq_port_seek(int32_t handle, uint32_t offset) {
  const uintptr_t parameters[2] = {(uintptr_t)handle, offset};
  (void)eq_semihost(EQ_SEMIHOST_SEEK, parameters);
}

EQ_PORT_CODE void eq_port_close(int32_t handle) {
  const uintptr_t parameters[1] = {(uintptr_t)handle};
  (void)eq_semihost(EQ_SEMIHOST_CLOSE, parameters);
}

EQ_PORT_CODE void eq_port_print(const char *text) { (void)eq_semihost(EQ_SEMIHOST_WRITE0, text); }

EQ_PORT_CODE _Noreturn void eq_port_exit(int32_t code) {
  const uintptr_t parameters[2] = {STOPPED_APPLICATION_EXIT, (uintptr_t)code};
  for (;;) {
    (void)eq_semihost(EQ_SEMIHOST_EXIT_EXTENDED, parameters);
  }
}
