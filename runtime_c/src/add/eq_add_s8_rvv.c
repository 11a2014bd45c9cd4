/* add, int8, RISC-V vectors. The header states the contract. */
#include "eq_add.h"
#include "eq_rvv.h"

void eq_add_s8_rvv(const eq_add_s8_t *p, const int8_t *input1, const int8_t *input2, int8_t *output,
                   eq_range_t range) {
  const eq_add_s8_t q = *p;
  size_t vl;
  for (int32_t i = range.begin; i < range.end; i += (int32_t)vl) {
    vl = __riscv_vsetvl_e32m8((size_t)(range.end - i));
    const vint32m8_t x1 = __riscv_vsext_vf4_i32m8(__riscv_vle8_v_i8m2(input1 + i, vl), vl);
    const vint32m8_t x2 = __riscv_vsext_vf4_i32m8(__riscv_vle8_v_i8m2(input2 + i, vl), vl);
    vint32m8_t sum = __riscv_vmacc_vx_i32m8(__riscv_vmv_v_x_i32m8(q.c, vl), q.a, x1, vl);
    sum = __riscv_vmacc_vx_i32m8(sum, q.b, x2, vl);
    eq_rvv_store_clamped(__riscv_vsra_vx_i32m8(sum, (size_t)q.n, vl), q.act_min, q.act_max, output + i, vl);
  }
}
