/* eq_port.h over the C library: the only file of the runtime that may use it. */
#include "eq_port.h"

#include <stdio.h>
#include <stdlib.h>

enum { FILE_LIMIT = 8 };

static FILE *files[FILE_LIMIT];

int32_t eq_port_open(const char *name, eq_port_mode_t mode) {
  for (int32_t handle = 0; handle < FILE_LIMIT; handle++) {
    if (files[handle] == NULL) {
      files[handle] = fopen(name, mode == EQ_PORT_READ ? "rb" : mode == EQ_PORT_WRITE ? "wb" : "r+b");
      return files[handle] == NULL ? -1 : handle;
    }
  }
  return -1;
}

size_t eq_port_read(int32_t handle, void *data, size_t bytes) { return fread(data, 1, bytes, files[handle]); }

size_t eq_port_write(int32_t handle, const void *data, size_t bytes) { return fwrite(data, 1, bytes, files[handle]); }

void eq_port_seek(int32_t handle, uint32_t offset) { (void)fseek(files[handle], (long)offset, SEEK_SET); }

void eq_port_close(int32_t handle) {
  fclose(files[handle]);
  files[handle] = NULL;
}

void eq_port_print(const char *text) {
  fputs(text, stdout);
  fflush(stdout);
}

_Noreturn void eq_port_exit(int32_t code) { exit(code); }
