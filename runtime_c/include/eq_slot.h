/* Indices of slots and rows that come from an input: limited to what exists, so that none reads or writes elsewhere. */
#ifndef EQ_SLOT_H
#define EQ_SLOT_H

#include "eq_types.h"

static inline int32_t eq_slot(int32_t index, int32_t slots) {
  const int32_t above = index < 0 ? 0 : index;
  return above < slots ? above : slots - 1;
}

#endif
