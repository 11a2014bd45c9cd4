/* Layers that run together, a band of rows after the other, so that the activations between them never exist as a whole.
 *
 * Band 0, 1, ... of a stage runs all its layers once. A band makes a few rows of every tensor inside the stage, and memory
 * holds a window of its rows that moves down with the bands: the last rows of the bands before, as far as they are still
 * to be read, then this band's new ones. No row is computed twice. The first bands fill the windows and reach the
 * stage's output only later.
 *
 *   done(b) = rows made before band b  = min(max((step*b + ahead) / per, 0), rows);   done(0) == 0
 *   from(b) = the window's first row   = max((step*b + kept) / per, 0)
 *
 * Every layer of a stage is an operator whose output row y reads the input rows y*stride - pad_top .. + span - 1, and
 * an ordinary kernel runs it: on an image of the rows that are there, with the padding that falls to this band. */
#ifndef EQ_ROWS_H
#define EQ_ROWS_H

#include "eq_types.h"

/* The rows of one tensor. Of a tensor that exists as a whole before the stage, and of the stage's output, all rows are
 * in memory: from(b) == 0. */
typedef struct {
  int32_t step; /* `step` rows more every `per` bands */
  int32_t per;
  int32_t ahead;
  int32_t kept;
  int32_t rows;   /* rows that are made at all: nothing reads those below */
  int32_t height; /* rows of the whole tensor */
  int32_t row_bytes;
} eq_rows_t;

/* What a layer reads and makes in one band: the geometry for its kernel, and byte offsets within the two windows. */
typedef struct {
  int32_t in_at;
  int32_t in_h;
  int32_t pad_top;
  int32_t out_at;
  int32_t out_h; /* 0: nothing to do; the other fields mean nothing then */
} eq_rows_part_t;

/* The part of a layer in `band`. */
eq_rows_part_t eq_rows_part(const eq_rows_t *input, const eq_rows_t *output, int32_t band, int32_t span, int32_t stride,
                            int32_t pad_top);

/* Moves the window in `memory` from the band before to `band`. To be called once, before a core runs the layer that
 * makes these rows. */
void eq_rows_keep(const eq_rows_t *tensor, int8_t *memory, int32_t band);

#endif
