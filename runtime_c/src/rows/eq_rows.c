/* Windows of rows that move down with the bands of a stage. The header states the contract. */
#include "eq_rows.h"

#include "eq_memory.h"

static int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }

static int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }

static int32_t done(const eq_rows_t *t, int32_t band) {
  return smaller(larger((t->step * band + t->ahead) / t->per, 0), t->rows);
}

static int32_t first(const eq_rows_t *t, int32_t band) {
  return larger((t->step * band + t->kept) / t->per, 0);
}

eq_rows_part_t eq_rows_part(const eq_rows_t *input, const eq_rows_t *output, int32_t band, int32_t span, int32_t stride,
                            int32_t pad_top) {
  const int32_t begin = done(output, band);
  const int32_t end = done(output, band + 1);
  const int32_t top = begin * stride - pad_top;
  const int32_t from = larger(top, 0);
  const int32_t to = smaller((end - 1) * stride - pad_top + span, input->height);
  return (eq_rows_part_t){
      .in_at = (from - first(input, band)) * input->row_bytes,
      .in_h = to - from,
      .pad_top = from - top,
      .out_at = (begin - first(output, band)) * output->row_bytes,
      .out_h = end - begin,
  };
}

void eq_rows_keep(const eq_rows_t *tensor, int8_t *memory, int32_t band) {
  if (band == 0) {
    return;
  }
  const int32_t was = first(tensor, band - 1);
  const int32_t from = first(tensor, band);
  const int32_t end = done(tensor, band);
  const size_t row_bytes = (size_t)tensor->row_bytes;
  /* A row moves by at least its own length, or not at all. */
  for (int32_t row = from; from > was && row < end; row++) {
    memcpy(memory + (size_t)(row - from) * row_bytes, memory + (size_t)(row - was) * row_bytes, row_bytes);
  }
}
