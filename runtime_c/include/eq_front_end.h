/* front_end: frames of a recording -> logarithms of their mel bands or, with a DCT, cepstral coefficients; all in
 * integers. edgeq/audio/front_end.py has the formulas, edgeq/audio/integer.py the same arithmetic in Python.
 *
 *   samples -> y[n] = x[n] * 2^15 - x[n - 1] * preemphasis, times window (Q15) >> 16                     31 bits
 *           -> FFT of frames filled up with zeros, divided by its length
 *           -> |X|^2 >> 12, or its root (EQ_FRONT_END_MAGNITUDE); triangles in Q14; floor                64 bits
 *           -> log2 in Q16, then the DCT (Q15) if there is one
 *           -> (v * multiplier + bias) >> bits, limited to the output's type
 *
 * input: the samples, behind one another; those before the first are 0. output: [frames][features].
 * Work unit of `range`: frames. Scratch: EQ_FRONT_END_SCRATCH_BYTES(fft, bands) a core. Input and output must not
 * overlap. */
#ifndef EQ_FRONT_END_H
#define EQ_FRONT_END_H

#include "eq_types.h"

#define EQ_FRONT_END_LOG_SEGMENTS 128
#define EQ_FRONT_END_SCRATCH_BYTES(fft, bands) ((fft) * 4 + ((bands) + 2) * 8 + (bands) * 4)

typedef enum { EQ_FRONT_END_POWER, EQ_FRONT_END_MAGNITUDE } eq_front_end_spectrum_t;

typedef struct {
  int32_t offset; /* of the first frame in the input; may be negative */
  int32_t frame; /* samples of a frame, at most fft */
  int32_t step;  /* samples from one frame to the next */
  int32_t log2_fft;
  int32_t preemphasis; /* Q15 */
  eq_front_end_spectrum_t spectrum;
  int32_t bands;
  int32_t features; /* bands, or rows of dct */
  int32_t first_bin;
  int32_t bins; /* of the spectrum that bands have */
  int32_t bits;
  uint64_t floor;
  const uint16_t *window;     /* [frame], Q15 */
  const int32_t *sines;       /* [fft * 3 / 4], sin(2 pi k / fft) in Q31 */
  const uint8_t *bin_bands;   /* [bins]: the triangle that a bin rises in; it falls in the one before */
  const uint16_t *rises;      /* [bins], Q14 */
  const uint32_t *logarithms; /* [EQ_FRONT_END_LOG_SEGMENTS + 1], log2(1 + i / 128) in Q16 */
  const int16_t *dct;         /* [features][bands], Q15, or NULL */
  const int32_t *multipliers; /* [features] */
  const int64_t *biases;      /* [features] */
} eq_front_end_t;

void eq_front_end_s8_scalar(const eq_front_end_t *p, const int16_t *restrict input, int8_t *restrict output,
                            int8_t *restrict scratch, eq_range_t range);
void eq_front_end_s16_scalar(const eq_front_end_t *p, const int16_t *restrict input, int16_t *restrict output,
                             int8_t *restrict scratch, eq_range_t range);

#endif
