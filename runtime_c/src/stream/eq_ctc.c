/* Greedy CTC, portable C. The header states the contract. */
#include "eq_ctc.h"

#define STEP(suffix, element) \
  uint32_t eq_ctc_step_##suffix(uint32_t *last, const element *scores, uint32_t labels) { \
    uint32_t best = 0u; \
    for (uint32_t i = 1u; i < labels; i++) { \
      best = scores[i] > scores[best] ? i : best; \
    } \
    const uint32_t label = best != *last ? best : 0u; \
    *last = best; \
    return label; \
  }

STEP(s8, int8_t)
STEP(s16, int16_t)
