/* Executable segments of a 32-bit little-endian ELF. The firmware's code is read from here, not through QEMU, because
 * QEMU's way to do so differs between plugin versions and doesn't reach emulated instructions. */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eq_count.h"

enum { SEGMENT_LIMIT = 8 };

typedef struct {
  uint32_t address, bytes;
  const uint8_t *data;
} segment_t;

static segment_t segments[SEGMENT_LIMIT];
static size_t segment_count;

static uint8_t *read_file(const char *path, size_t *bytes) {
  FILE *file = fopen(path, "rb");
  uint8_t *data = NULL;
  if (file == NULL) {
    return NULL;
  }
  if (fseek(file, 0, SEEK_END) == 0) {
    const long length = ftell(file);
    rewind(file);
    data = length > 0 ? malloc((size_t)length) : NULL;
    if (data != NULL && fread(data, 1, (size_t)length, file) != (size_t)length) {
      free(data);
      data = NULL;
    }
    *bytes = (size_t)length;
  }
  fclose(file);
  return data;
}

static bool add_segments(const uint8_t *data, size_t bytes) {
  Elf32_Ehdr header;
  if (bytes < sizeof header || memcmp(data, ELFMAG, SELFMAG) != 0 || data[EI_CLASS] != ELFCLASS32) {
    return false;
  }
  memcpy(&header, data, sizeof header);
  for (size_t i = 0; i < header.e_phnum; i++) {
    Elf32_Phdr segment;
    const size_t at = header.e_phoff + i * sizeof segment;
    if (at + sizeof segment > bytes) {
      return false;
    }
    memcpy(&segment, data + at, sizeof segment);
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0 || segment.p_filesz == 0) {
      continue;
    }
    if ((size_t)segment.p_offset + segment.p_filesz > bytes || segment_count == SEGMENT_LIMIT) {
      return false;
    }
    segments[segment_count++] = (segment_t){segment.p_vaddr, segment.p_filesz, data + segment.p_offset};
  }
  return segment_count > 0;
}

bool eq_elf_read(const char *path) {
  size_t bytes = 0;
  const uint8_t *data = read_file(path, &bytes); /* kept until QEMU ends */
  if (data == NULL || !add_segments(data, bytes)) {
    fprintf(stderr, "instruction counter: can't read code from %s\n", path);
    return false;
  }
  return true;
}

bool eq_elf_fetch(uint32_t address, uint32_t *word) {
  for (size_t i = 0; i < segment_count; i++) {
    const uint32_t offset = address - segments[i].address;
    if (offset < segments[i].bytes) {
      const uint32_t left = segments[i].bytes - offset;
      *word = 0;
      memcpy(word, segments[i].data + offset, left < 4 ? left : 4);
      return true;
    }
  }
  return false;
}
