/* What is heard in the scores of a stream: a class whose mean over some steps is the largest and large enough.
 *
 * eq_events_step takes the scores of the next step. Once it has had `average` of them it returns 1, and *best is the class
 * with the largest sum over the last `average` steps, the first of equal ones; *heard is 1 if that sum is at least `limit`,
 * the class may be heard, and nothing was heard in the `hold` steps before. Before it returns 0. */
#ifndef EQ_EVENTS_H
#define EQ_EVENTS_H

#include "eq_types.h"

typedef struct {
  uint32_t average;
  uint32_t hold;
  int32_t limit;
} eq_events_rule_t;

typedef struct {
  uint32_t steps; /* so far, up to `average` */
  uint32_t at;    /* of the oldest scores in the history */
  uint32_t quiet; /* steps since something was heard */
} eq_events_t;

void eq_events_reset(eq_events_t *events, int32_t *sums, uint32_t classes);

/* scores: [classes]; history: [average][classes]; sums: [classes]; may_be_heard: [classes]. */
uint32_t eq_events_step_s8(eq_events_t *events, const eq_events_rule_t *rule, const int8_t *scores, int8_t *history,
                           int32_t *sums, const uint8_t *may_be_heard, uint32_t classes, uint32_t *best,
                           uint32_t *heard);
uint32_t eq_events_step_s16(eq_events_t *events, const eq_events_rule_t *rule, const int16_t *scores, int16_t *history,
                            int32_t *sums, const uint8_t *may_be_heard, uint32_t classes, uint32_t *best,
                            uint32_t *heard);

#endif
