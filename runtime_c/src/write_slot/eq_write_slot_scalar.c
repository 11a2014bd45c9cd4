/* write_slot, portable C. The header states the contract. */
#include "eq_write_slot.h"

#include "eq_memory.h"
#include "eq_slot.h"

void eq_write_slot_scalar(const eq_write_slot_t *p, const void *cache, const void *row, const void *index, void *output,
                          eq_range_t range) {
  const int32_t slot = eq_slot(*(const int32_t *)index, p->slots);
  const int32_t piece = p->slots * p->bytes;
  for (int32_t o = range.begin; o < range.end; o++) {
    int8_t *const to = (int8_t *)output + o * piece;
    if (output != cache) {
      memcpy(to, (const int8_t *)cache + o * piece, (size_t)piece);
    }
    memcpy(to + slot * p->bytes, (const int8_t *)row + o * p->bytes, (size_t)p->bytes);
  }
}
