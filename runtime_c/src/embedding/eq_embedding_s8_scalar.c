/* embedding, int8, portable C. The header states the contract. */
#include "eq_embedding.h"
#include "eq_memory.h"
#include "eq_slot.h"

void eq_embedding_s8_scalar(const eq_embedding_s8_t *p, const int32_t *restrict indices, int8_t *restrict output,
                            eq_range_t range) {
  for (int32_t i = range.begin; i < range.end; i++) {
    memcpy(output + i * p->width, p->table + eq_slot(indices[i], p->rows) * p->width, (size_t)p->width);
  }
}
