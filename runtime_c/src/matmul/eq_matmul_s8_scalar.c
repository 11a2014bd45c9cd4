/* matmul, int8, portable C. The header states the contract. Two columns at a time share the loads of input1. */
#include "eq_inline.h"
#include "eq_matmul.h"

static EQ_INLINE void matmul(const eq_matmul_s8_t *p, const int8_t *input1, const int8_t *input2,
                             int8_t *restrict output, eq_range_t range, eq_requant_form_t form) {
  const int32_t inner = p->inner, columns = p->columns, n_stride = p->n_stride, k_stride = p->k_stride;
  const int32_t offset1 = p->offset1, offset2 = p->offset2;
  for (int32_t row = range.begin; row < range.end; row++) {
    const int8_t *const x = input1 + row * inner;
    const int8_t *const matrix = input2 + (row / p->rows) * p->batch_stride;
    int8_t *const y = output + row * columns;
    int32_t n = 0;
    for (; n + 2 <= columns; n += 2) {
      const int8_t *const z = matrix + n * n_stride;
      int32_t acc0 = 0, acc1 = 0;
      for (int32_t k = 0; k < inner; k++) {
        const int32_t a = x[k] + offset1;
        acc0 += a * (z[k * k_stride] + offset2);
        acc1 += a * (z[k * k_stride + n_stride] + offset2);
      }
      y[n] = eq_requantize(acc0, 0, &p->requant, form);
      y[n + 1] = eq_requantize(acc1, 0, &p->requant, form);
    }
    if (n < columns) {
      const int8_t *const z = matrix + n * n_stride;
      int32_t acc = 0;
      for (int32_t k = 0; k < inner; k++) {
        acc += (x[k] + offset1) * (z[k * k_stride] + offset2);
      }
      y[n] = eq_requantize(acc, 0, &p->requant, form);
    }
  }
}

EQ_MATMUL_S8_PROTOTYPE(eq_matmul_s8_high_scalar) {
  (void)scratch;
  matmul(p, input1, input2, output, range, EQ_REQUANT_HIGH);
}

EQ_MATMUL_S8_PROTOTYPE(eq_matmul_s8_shift_scalar) {
  (void)scratch;
  matmul(p, input1, input2, output, range, EQ_REQUANT_SHIFT);
}

EQ_MATMUL_S8_PROTOTYPE(eq_matmul_s8_tflite_scalar) {
  (void)scratch;
  matmul(p, input1, input2, output, range, EQ_REQUANT_TFLITE);
}
