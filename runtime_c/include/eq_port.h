/* What the simulation harness needs from the machine below: files, a console, an exit code.
 *
 * Implemented over semihosting (Arm and RISC-V) and over stdio (host). Not part of the shipped firmware. */
#ifndef EQ_PORT_H
#define EQ_PORT_H

#include <stddef.h>
#include <stdint.h>

/* UPDATE: a file that exists, read and written in place. */
typedef enum { EQ_PORT_READ, EQ_PORT_WRITE, EQ_PORT_UPDATE } eq_port_mode_t;

/* Opens a file in the simulator's working directory; returns a handle, or -1. */
int32_t eq_port_open(const char *name, eq_port_mode_t mode);
/* Bytes read or written; fewer than asked for at the end of the file. */
size_t eq_port_read(int32_t handle, void *data, size_t bytes);
size_t eq_port_write(int32_t handle, const void *data, size_t bytes);
/* Places the next byte read or written at `offset`. */
void eq_port_seek(int32_t handle, uint32_t offset);
void eq_port_close(int32_t handle);
void eq_port_print(const char *text);
_Noreturn void eq_port_exit(int32_t code);

#endif
