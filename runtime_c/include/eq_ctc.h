/* Greedy reading of scores that a network was trained to give by CTC: the best label of every step, repetitions as one,
 * label 0 (the blank) as none.
 *
 * eq_ctc_step returns the label that begins with this step's scores, 0 if none does; *last is the best label of the step
 * before, at first 0. Of equal scores the first counts. */
#ifndef EQ_CTC_H
#define EQ_CTC_H

#include "eq_types.h"

uint32_t eq_ctc_step_s8(uint32_t *last, const int8_t *scores, uint32_t labels);
uint32_t eq_ctc_step_s16(uint32_t *last, const int16_t *scores, uint32_t labels);

#endif
