/* embedding, int8, portable C. The header states the contract. */
#include "eq_embedding.h"
#include "eq_memory.h"

void eq_embedding_s8_scalar(const eq_embedding_s8_t *p, const int32_t *restrict indices, int8_t *restrict output,
                            eq_range_t range) {
  for (int32_t i = range.begin; i < range.end; i++) {
    const int32_t above = indices[i] < 0 ? 0 : indices[i];
    const int32_t row = above < p->rows ? above : p->rows - 1;
    memcpy(output + i * p->width, p->table + row * p->width, (size_t)p->width);
  }
}
