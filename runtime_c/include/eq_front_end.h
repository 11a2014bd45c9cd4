/* front_end: frames of a recording -> logarithms of their mel bands or, with a DCT, cepstral coefficients; all in
 * integers. edgeq/audio/front_end.py has the formulas, edgeq/audio/integer.py the same arithmetic in Python, and
 * edgeq/audio/tables.py the constants. Every product is the high word of 64 bits.
 *
 *   samples -> y[n] = x[n] * 2^14 - x[n - 1] * preemphasis, times window
 *           -> FFT of fft / 2 pairs of samples, filled up with zeros: radix 4 or 2, then stages of radix 4 that halve
 *           -> shifted to the left by what the frame's energy, a sum of y * windowed y, leaves
 *           -> |X|^2, or its root (EQ_FRONT_END_MAGNITUDE); triangles in Q15; floor                      30 bits
 *           -> log2 in Q22 less the shift, then the DCT (Q15) if there is one
 *           -> (v * multiplier + bias) >> bits, limited to the output's type
 *
 * input: the samples, behind one another; those before the first are 0. output: [frames][features].
 * Work unit of `range`: frames. Scratch: EQ_FRONT_END_SCRATCH_BYTES a core. Input and output must not
 * overlap. */
#ifndef EQ_FRONT_END_H
#define EQ_FRONT_END_H

#include "eq_types.h"

#define EQ_FRONT_END_LOG_SEGMENTS 128
#define EQ_FRONT_END_ROOT_SEGMENTS 32
#define EQ_FRONT_END_SCRATCH_BYTES(fft, bands, coefficients) (((fft) + (bands) + (coefficients)) * 4)

typedef enum { EQ_FRONT_END_POWER, EQ_FRONT_END_MAGNITUDE } eq_front_end_spectrum_t;

typedef struct {
  int32_t offset; /* of the first frame in the input; may be negative */
  int32_t frame;  /* samples of a frame, at most fft */
  int32_t step;   /* samples from one frame to the next */
  int32_t log2_fft;
  int32_t preemphasis; /* Q14 */
  eq_front_end_spectrum_t spectrum;
  int32_t bands;
  int32_t features;    /* bands, or rows of dct */
  int32_t energy_bits; /* points may be shifted by half of what the energy has less */
  int32_t most_shift;  /* of points */
  int32_t root_shift;  /* bits that half a magnitude loses */
  int32_t first_bin;   /* of the spectrum that bands have */
  int32_t bits;
  uint32_t floor;              /* with points shifted by most_shift */
  const int32_t *window;       /* [frame] */
  const int32_t *turns;        /* of every stage behind the first with s points between two that it transforms together
                                  [s - 1][3][2]: cosine and sine of 2 pi (k, 2 k, 3 k) / (4 s) in Q31, from k = 1 on */
  const int32_t *halves;       /* [fft / 4][2]: cosine and sine of 2 pi k / fft in Q31, from k = 1 on */
  const uint16_t *rises;       /* [bins], Q15: of the triangle that rises there; the one before falls */
  const uint16_t *segments;    /* [bands + 1]: bins between one corner of the triangles and the next */
  const uint32_t *logarithms;  /* [EQ_FRONT_END_LOG_SEGMENTS + 1], log2(1 + i / 128) in Q22 */
  const uint32_t *roots;       /* [3 * EQ_FRONT_END_ROOT_SEGMENTS + 2], sqrt(1 + i / 32) in Q30, of magnitudes */
  const int16_t *dct;          /* [features][bands], Q15, or NULL */
  const int32_t *multipliers;  /* [features] */
  const int32_t *biases;       /* [features] */
} eq_front_end_t;

void eq_front_end_s8_scalar(const eq_front_end_t *p, const int16_t *restrict input, int8_t *restrict output,
                            int8_t *restrict scratch, eq_range_t range);
void eq_front_end_s16_scalar(const eq_front_end_t *p, const int16_t *restrict input, int16_t *restrict output,
                             int8_t *restrict scratch, eq_range_t range);
void eq_front_end_s8_dsp(const eq_front_end_t *p, const int16_t *restrict input, int8_t *restrict output,
                            int8_t *restrict scratch, eq_range_t range);
void eq_front_end_s16_dsp(const eq_front_end_t *p, const int16_t *restrict input, int16_t *restrict output,
                             int8_t *restrict scratch, eq_range_t range);
void eq_front_end_s8_mve(const eq_front_end_t *p, const int16_t *restrict input, int8_t *restrict output,
                            int8_t *restrict scratch, eq_range_t range);
void eq_front_end_s16_mve(const eq_front_end_t *p, const int16_t *restrict input, int16_t *restrict output,
                             int8_t *restrict scratch, eq_range_t range);

#endif
