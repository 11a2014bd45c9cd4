/* Prefix beam search over scores that a network was trained to give by CTC (A. Hannun et al., First-Pass Large
 * Vocabulary Continuous Speech Recognition using Bi-Directional Recurrent DNNs, 2014, algorithm 1): the most probable
 * sequences of labels, each with all its alignments. edgeq/stream/beam.py is the same in Python.
 *
 * Logarithms of probabilities are natural, in Q12, less the best one's: a constant for all prefixes changes nothing, so
 * scores are taken as they are, as logits. Label 0 is the blank. Labels that all prefixes begin with are heard, and
 * leave the prefixes; of a prefix with EQ_CTC_HISTORY others, if it is the best, the first is heard in any case. */
#ifndef EQ_CTC_BEAM_H
#define EQ_CTC_BEAM_H

#include "eq_types.h"

#define EQ_CTC_HISTORY 32

typedef struct {
  int32_t blank; /* of alignments that end with the blank */
  int32_t label; /* of those that end with the last label */
  uint32_t length;
  uint32_t last; /* label, heard or not; 0: none */
  uint32_t rows[EQ_CTC_HISTORY]; /* where labels began */
  uint16_t labels[EQ_CTC_HISTORY];
} eq_ctc_prefix_t;

/* What may become a prefix: prefix `from` with `added` behind it, or as it is with 0. */
typedef struct {
  int32_t score, blank, label;
  uint32_t from, added;
} eq_ctc_candidate_t;

typedef struct {
  uint32_t width;     /* prefixes at most */
  int32_t multiplier; /* Q16: from a score to Q12 */
  const int16_t *follows; /* [labels][labels], Q8: added for a label behind another one or, in row 0, none; or NULL */
} eq_ctc_beam_rule_t;

typedef struct {
  uint32_t count; /* prefixes, the best first */
  uint32_t half;  /* they lie in this half of the memory */
} eq_ctc_beam_t;

/* prefixes: [2 * width], candidates: [width]. */
void eq_ctc_beam_reset(eq_ctc_beam_t *beam, eq_ctc_prefix_t *prefixes);
void eq_ctc_beam_step_s8(eq_ctc_beam_t *beam, const eq_ctc_beam_rule_t *rule, eq_ctc_prefix_t *prefixes,
                         eq_ctc_candidate_t *candidates, const int8_t *scores, uint32_t labels, uint32_t row);
void eq_ctc_beam_step_s16(eq_ctc_beam_t *beam, const eq_ctc_beam_rule_t *rule, eq_ctc_prefix_t *prefixes,
                          eq_ctc_candidate_t *candidates, const int16_t *scores, uint32_t labels, uint32_t row);

/* The next label that is heard and where it began, or 0; to be called until then after every step. `end`: of the
 * recording, the best prefix is heard as it is. */
uint32_t eq_ctc_beam_take(eq_ctc_beam_t *beam, const eq_ctc_beam_rule_t *rule, eq_ctc_prefix_t *prefixes, uint32_t end,
                          uint32_t *row);

#endif
