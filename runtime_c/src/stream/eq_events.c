/* Events of a stream, portable C. The header states the contract. */
#include "eq_events.h"

enum { LONGEST_QUIET = 0x7fffffff };

void eq_events_reset(eq_events_t *events, int32_t *sums, uint32_t classes) {
  events->steps = 0u;
  events->at = 0u;
  events->quiet = LONGEST_QUIET;
  for (uint32_t i = 0u; i < classes; i++) {
    sums[i] = 0;
  }
}

/* The part that does not read scores: counts the step, and decides from the sums. */
static uint32_t decide(eq_events_t *events, const eq_events_rule_t *rule, const int32_t *sums,
                       const uint8_t *may_be_heard, uint32_t classes, uint32_t *best, uint32_t *heard) {
  events->at = events->at + 1u < rule->average ? events->at + 1u : 0u;
  events->steps += events->steps < rule->average ? 1u : 0u;
  events->quiet += events->quiet < LONGEST_QUIET ? 1u : 0u;
  *heard = 0u;
  *best = 0u;
  if (events->steps < rule->average) {
    return 0u;
  }
  for (uint32_t i = 1u; i < classes; i++) {
    *best = sums[i] > sums[*best] ? i : *best;
  }
  if (sums[*best] >= rule->limit && may_be_heard[*best] != 0u && events->quiet > rule->hold) {
    events->quiet = 0u;
    *heard = 1u;
  }
  return 1u;
}

#define STEP(suffix, element) \
  uint32_t eq_events_step_##suffix(eq_events_t *events, const eq_events_rule_t *rule, const element *scores, \
                                   element *history, int32_t *sums, const uint8_t *may_be_heard, uint32_t classes, \
                                   uint32_t *best, uint32_t *heard) { \
    element *const oldest = history + events->at * classes; \
    for (uint32_t i = 0u; i < classes; i++) { \
      sums[i] += scores[i] - (events->steps == rule->average ? oldest[i] : 0); \
      oldest[i] = scores[i]; \
    } \
    return decide(events, rule, sums, may_be_heard, classes, best, heard); \
  }

STEP(s8, int8_t)
STEP(s16, int16_t)
