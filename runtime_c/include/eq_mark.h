/* Events for the instruction counter: the counter sees the ADDRESS of a store, and the code is that address.
 *
 * eq_mark(code) stores to eq_marks[code]. The function lies in a section of its own (.text.eq_mark) that the counter
 * excludes from its counts. Simulation builds only. */
#ifndef EQ_MARK_H
#define EQ_MARK_H

#include <stdint.h>

enum {
  EQ_MARK_LAYER_LIMIT = 960, /* codes below are layers: work after the mark belongs to that layer */
  EQ_MARK_IDLE = 960,        /* work after the mark belongs to no layer */
  EQ_MARK_FORK,              /* core 0 hands out a task */
  EQ_MARK_TASK_BEGIN,        /* a worker starts its share */
  EQ_MARK_TASK_END,
  EQ_MARK_JOIN,              /* core 0 has seen all workers done */
  EQ_MARK_COUNT = 1024
};

extern volatile uint32_t eq_marks[EQ_MARK_COUNT];
void eq_mark(uint32_t code);

#endif
