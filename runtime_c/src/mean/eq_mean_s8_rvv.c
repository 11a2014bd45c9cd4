/* mean, int8, RISC-V vectors of channels. The header states the contract. */
#include "eq_mean.h"
#include "eq_rvv.h"

static EQ_INLINE void mean(const eq_mean_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                           eq_range_t range, eq_requant_form_t form) {
  const eq_requant_t *const q = &p->requant;
  const int32_t channels = p->channels, shift = form == EQ_REQUANT_HIGH ? 0 : q->shift[0];
  size_t vl;
  for (int32_t c = range.begin; c < range.end; c += (int32_t)vl) {
    vl = __riscv_vsetvl_e32m8((size_t)(range.end - c));
    vint32m8_t acc = __riscv_vmv_v_x_i32m8(p->bias, vl);
    const int8_t *x = input + c;
    for (int32_t i = p->pixels; i > 0; i--) {
      acc = __riscv_vwadd_wv_i32m8(acc, __riscv_vsext_vf2_i16m4(__riscv_vle8_v_i8m2(x, vl), vl), vl);
      x += channels;
    }
    const vint32m8_t m = __riscv_vmv_v_x_i32m8(q->multiplier[0], vl), s = __riscv_vmv_v_x_i32m8(shift, vl);
    eq_rvv_store_clamped(eq_rvv_scale(acc, m, s, m, q->output_zero_point, vl, form), q->act_min, q->act_max,
                         output + c, vl);
  }
}

EQ_MEAN_S8_PROTOTYPE(eq_mean_s8_high_rvv) { mean(p, input, output, range, EQ_REQUANT_HIGH); }

EQ_MEAN_S8_PROTOTYPE(eq_mean_s8_shift_rvv) { mean(p, input, output, range, EQ_REQUANT_SHIFT); }

EQ_MEAN_S8_PROTOTYPE(eq_mean_s8_tflite_rvv) { mean(p, input, output, range, EQ_REQUANT_TFLITE); }
