/* Prefix beam search, portable C. The header states the contract. */
#include "eq_ctc_beam.h"

#include "eq_memory.h"

enum { NEVER = -(1 << 28), LEAST = -(1 << 24), STEP_BITS = 7, ENTRIES = 289 };

/* log(1 + exp(-i / 32)) in Q12 */
static const uint16_t table[ENTRIES] = {
  2839, 2776, 2713, 2652, 2591, 2532, 2473, 2416, 2359, 2303, 2249, 2195, 2143, 2091, 2040, 1991, 1942, 1894, 1847,
  1801, 1756, 1712, 1669, 1626, 1585, 1544, 1504, 1465, 1427, 1390, 1354, 1318, 1283, 1249, 1216, 1183, 1152, 1121,
  1090, 1061, 1032, 1004, 976, 949, 923, 898, 873, 849, 825, 802, 779, 758, 736, 715, 695, 675, 656, 638, 619, 602,
  584, 568, 551, 535, 520, 505, 490, 476, 462, 449, 436, 423, 410, 398, 387, 375, 364, 354, 343, 333, 323, 314, 304,
  295, 286, 278, 270, 262, 254, 246, 239, 232, 225, 218, 212, 205, 199, 193, 187, 182, 176, 171, 166, 161, 156, 151,
  147, 142, 138, 134, 130, 126, 122, 118, 115, 111, 108, 104, 101, 98, 95, 92, 90, 87, 84, 82, 79, 77, 74, 72, 70,
  68, 66, 64, 62, 60, 58, 56, 55, 53, 51, 50, 48, 47, 45, 44, 43, 41, 40, 39, 38, 36, 35, 34, 33, 32, 31, 30, 29,
  28, 28, 27, 26, 25, 24, 24, 23, 22, 21, 21, 20, 20, 19, 18, 18, 17, 17, 16, 16, 15, 15, 14, 14, 13, 13, 13, 12,
  12, 11, 11, 11, 10, 10, 10, 10, 9, 9, 9, 8, 8, 8, 8, 7, 7, 7, 7, 7, 6, 6, 6, 6, 6, 5, 5, 5, 5, 5, 5, 5, 4, 4, 4,
  4, 4, 4, 4, 4, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1,
  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
};

static int32_t log_add(int32_t a, int32_t b) {
  const int32_t high = a > b ? a : b;
  const int32_t distance = a > b ? a - b : b - a;
  const int32_t at = distance >> STEP_BITS;
  if (at >= ENTRIES - 1) {
    return high;
  }
  const int32_t rest = distance & ((1 << STEP_BITS) - 1);
  return high + table[at] - (((table[at] - table[at + 1]) * rest) >> STEP_BITS);
}

static int32_t at_least(int32_t value, int32_t least) { return value > least ? value : least; }

/* What is added for a label behind another one. */
static int32_t following(const eq_ctc_beam_rule_t *rule, uint32_t labels, uint32_t last, uint32_t added) {
  return rule->follows != NULL ? rule->follows[last * labels + added] * 16 : 0;
}

static int32_t log_of(int32_t score, int32_t best, int32_t multiplier) {
  const int64_t product = ((int64_t)(score - best) * multiplier) >> 16;
  return product > LEAST ? (int32_t)product : LEAST;
}

void eq_ctc_beam_reset(eq_ctc_beam_t *beam, eq_ctc_prefix_t *prefixes) {
  beam->count = 1u;
  beam->half = 0u;
  prefixes[0].blank = 0;
  prefixes[0].label = NEVER;
  prefixes[0].length = 0u;
  prefixes[0].last = 0u;
}

/* Whether `longer` is `prefix` with one label more. */
static uint32_t extends(const eq_ctc_prefix_t *longer, const eq_ctc_prefix_t *prefix) {
  if (longer->length != prefix->length + 1u) {
    return 0u;
  }
  for (uint32_t i = 0u; i < prefix->length; i++) {
    if (longer->labels[i] != prefix->labels[i]) {
      return 0u;
    }
  }
  return 1u;
}

/* What alignments of a prefix give to it with another label: a repetition needs a blank between. */
static int32_t extended(const eq_ctc_prefix_t *prefix, uint32_t added, int32_t log) {
  const int32_t before = prefix->last == added ? prefix->blank : log_add(prefix->blank, prefix->label);
  return at_least(before + log, NEVER);
}

/* Puts a candidate behind those that are as good; returns how many there are, `width` at most. */
static uint32_t consider(eq_ctc_candidate_t *found, uint32_t count, uint32_t width, eq_ctc_candidate_t candidate) {
  uint32_t place = count;
  while (place > 0u && candidate.score > found[place - 1u].score) {
    place--;
  }
  if (place == width) {
    return count;
  }
  const uint32_t after = count < width ? count + 1u : width;
  for (uint32_t i = after - 1u; i > place; i--) {
    found[i] = found[i - 1u];
  }
  found[place] = candidate;
  return after;
}

/* The prefix with that score, as it is or longer: considered where it is none of the others. */
static uint32_t consider_longer(const eq_ctc_prefix_t *prefixes, uint32_t prefix_count, uint32_t from, uint32_t added,
                                int32_t log, eq_ctc_candidate_t *found, uint32_t count, uint32_t width) {
  const int32_t score = extended(&prefixes[from], added, log);
  if ((count == width && score <= found[count - 1u].score) || prefixes[from].length == EQ_CTC_HISTORY) {
    return count;
  }
  for (uint32_t i = 0u; i < prefix_count; i++) {
    if (extends(&prefixes[i], &prefixes[from]) != 0u && prefixes[i].last == added) {
      return count;
    }
  }
  const eq_ctc_candidate_t candidate = {score, NEVER, score, from, added};
  return consider(found, count, width, candidate);
}

/* The candidates' prefixes, in the other half of the memory. */
static void replace(eq_ctc_beam_t *beam, const eq_ctc_beam_rule_t *rule, eq_ctc_prefix_t *prefixes,
                    const eq_ctc_candidate_t *found, uint32_t count, uint32_t row) {
  const eq_ctc_prefix_t *const before = prefixes + beam->half * rule->width;
  beam->half = 1u - beam->half;
  beam->count = count;
  eq_ctc_prefix_t *const made = prefixes + beam->half * rule->width;
  for (uint32_t i = 0u; i < count; i++) {
    memcpy(&made[i], &before[found[i].from], sizeof made[i]);
    made[i].blank = at_least(found[i].blank - found[0].score, NEVER);
    made[i].label = at_least(found[i].label - found[0].score, NEVER);
    if (found[i].added != 0u) {
      made[i].labels[made[i].length] = (uint16_t)found[i].added;
      made[i].rows[made[i].length] = row;
      made[i].length++;
      made[i].last = found[i].added;
    }
  }
}

#define STEP(suffix, element) \
  void eq_ctc_beam_step_##suffix(eq_ctc_beam_t *beam, const eq_ctc_beam_rule_t *rule, eq_ctc_prefix_t *prefixes, \
                                 eq_ctc_candidate_t *candidates, const element *scores, uint32_t labels, \
                                 uint32_t row) { \
    const eq_ctc_prefix_t *const known = prefixes + beam->half * rule->width; \
    int32_t best = scores[0]; \
    for (uint32_t i = 1u; i < labels; i++) { \
      best = scores[i] > best ? scores[i] : best; \
    } \
    uint32_t count = 0u; \
    for (uint32_t i = 0u; i < beam->count; i++) { \
      const uint32_t last = known[i].last; \
      const int32_t log = log_of(scores[last], best, rule->multiplier); \
      int32_t label = last != 0u ? at_least(known[i].label + log, NEVER) : NEVER; \
      for (uint32_t parent = 0u; parent < beam->count; parent++) { \
        if (extends(&known[i], &known[parent]) != 0u) { \
          const int32_t with = log + following(rule, labels, known[parent].last, last); \
          label = log_add(label, extended(&known[parent], last, with)); \
        } \
      } \
      const int32_t total = log_add(known[i].blank, known[i].label); \
      const int32_t blank = at_least(total + log_of(scores[0], best, rule->multiplier), NEVER); \
      const eq_ctc_candidate_t candidate = {log_add(blank, label), blank, label, i, 0u}; \
      count = consider(candidates, count, rule->width, candidate); \
    } \
    for (uint32_t added = 1u; added < labels; added++) { \
      const int32_t log = log_of(scores[added], best, rule->multiplier); \
      for (uint32_t i = 0u; i < beam->count; i++) { \
        const int32_t with = log + following(rule, labels, known[i].last, added); \
        count = consider_longer(known, beam->count, i, added, with, candidates, count, rule->width); \
      } \
    } \
    replace(beam, rule, prefixes, candidates, count, row); \
  }

STEP(s8, int8_t)
STEP(s16, int16_t)

uint32_t eq_ctc_beam_take(eq_ctc_beam_t *beam, const eq_ctc_beam_rule_t *rule, eq_ctc_prefix_t *prefixes, uint32_t end,
                          uint32_t *row) {
  eq_ctc_prefix_t *const known = prefixes + beam->half * rule->width;
  if (end != 0u) {
    beam->count = 1u;
  }
  if (known[0].length == 0u) {
    return 0u;
  }
  const uint32_t first = known[0].labels[0];
  uint32_t kept = 0u;
  for (uint32_t i = 0u; i < beam->count; i++) {
    if (known[i].length > 0u && known[i].labels[0] == first) {
      if (known[0].length == EQ_CTC_HISTORY && kept != i) {
        memcpy(&known[kept], &known[i], sizeof known[i]);
      }
      kept++;
    }
  }
  if (known[0].length == EQ_CTC_HISTORY) {
    beam->count = kept;
  } else if (kept != beam->count) {
    return 0u;
  } else {
    /* all begin with the same label */
  }
  *row = known[0].rows[0];
  for (uint32_t i = 0u; i < beam->count; i++) {
    known[i].length--;
    for (uint32_t at = 0u; at < known[i].length; at++) {
      known[i].labels[at] = known[i].labels[at + 1u];
      known[i].rows[at] = known[i].rows[at + 1u];
    }
  }
  return first;
}
