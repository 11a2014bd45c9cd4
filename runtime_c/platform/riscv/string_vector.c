/* memcpy and memset for cores with the vector extension, groups of eight registers at a time. */
#include <riscv_vector.h>
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *to, int value, size_t bytes);

void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
  uint8_t *out = to;
  const uint8_t *in = from;
  for (size_t vl; bytes > 0u; bytes -= vl) {
    vl = __riscv_vsetvl_e8m8(bytes);
    __riscv_vse8_v_u8m8(out, __riscv_vle8_v_u8m8(in, vl), vl);
    out += vl;
    in += vl;
  }
  return to;
}

void *memset(void *to, int value, size_t bytes) {
  uint8_t *out = to;
  for (size_t vl; bytes > 0u; bytes -= vl) {
    vl = __riscv_vsetvl_e8m8(bytes);
    __riscv_vse8_v_u8m8(out, __riscv_vmv_v_x_u8m8((uint8_t)value, vl), vl);
    out += vl;
  }
  return to;
}
