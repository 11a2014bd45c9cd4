/* pack_weights, portable C, for the element that was included before. */
#include "eq_inline.h"
#include "eq_pack_weights.h"
#include "eq_phase.h"

/* `count` numbers, `stride` apart, as row `lane` of its block from place k on of its sums; zeros where there is no source. */
static EQ_INLINE void put(const eq_pack_weights_t *p, ELEMENT *block, int32_t lane, int32_t k, const float *from,
                          int32_t count, int32_t stride) {
  for (int32_t i = 0; i < count; i++, k++) {
    ELEMENT *const to = block + (k / p->pair * p->lanes + lane) * p->pair + k % p->pair;
    STORE(to, from != NULL ? *from : 0.0f);
    from = from != NULL ? from + stride : NULL;
  }
}

static EQ_INLINE int32_t whole(int32_t count, int32_t step) { return (count + step - 1) / step * step; }

static EQ_INLINE void filters(const eq_pack_weights_t *p, const float *weights, ELEMENT *packed, eq_range_t range) {
  const int32_t count = p->kernel_h * p->kernel_w * p->in_c, full = whole(count, p->step);
  for (int32_t block = range.begin; block < range.end; block++) {
    ELEMENT *const to = packed + block * p->lanes * full;
    for (int32_t lane = 0; lane < p->lanes; lane++) {
      const int32_t channel = block * p->lanes + lane;
      const int32_t filled = channel < p->out_c ? count : 0;
      if (filled > 0) {
        const float *const from = channel < p->trained ? weights + channel * count : p->rest + (channel - p->trained) * count;
        put(p, to, lane, 0, from, filled, 1);
      }
      put(p, to, lane, filled, NULL, full - filled, 0);
    }
  }
}

/* The weights of one phase. */
static EQ_INLINE void phase(const eq_pack_weights_t *p, const float *weights, ELEMENT *packed, int32_t full, int32_t phase_y,
                            int32_t phase_x, eq_range_t range) {
  const int32_t stride = p->kernel_h * p->kernel_w * p->in_c;
  for (int32_t block = range.begin; block < range.end; block++) {
    ELEMENT *const to = packed + block * p->lanes * full;
    for (int32_t lane = 0; lane < p->lanes; lane++) {
      const int32_t channel = block * p->lanes + lane;
      int32_t k = 0;
      for (int32_t tap = 0; tap < p->kernel_h * p->kernel_w && channel < p->in_c; tap++) {
        if (eq_phase_has(phase_y, tap / p->kernel_w, p->dilation_h, p->stride_h) &&
            eq_phase_has(phase_x, tap % p->kernel_w, p->dilation_w, p->stride_w)) {
          const int32_t at = tap * p->in_c + channel;
          put(p, to, lane, k, weights + at, p->trained, stride);
          if (p->rest != NULL) {
            put(p, to, lane, k + p->trained, p->rest + at, p->out_c - p->trained, stride);
          }
          k += p->out_c;
        }
      }
      put(p, to, lane, k, NULL, full - k, 0);
    }
  }
}

static EQ_INLINE void transposed(const eq_pack_weights_t *p, const float *weights, ELEMENT *packed, eq_range_t range) {
  for (int32_t phase_y = 0; phase_y < p->stride_h; phase_y++) {
    const int32_t down = eq_phase_taps(phase_y, p->kernel_h, p->dilation_h, p->stride_h);
    for (int32_t phase_x = 0; phase_x < p->stride_w; phase_x++) {
      const int32_t taps = down * eq_phase_taps(phase_x, p->kernel_w, p->dilation_w, p->stride_w);
      const int32_t full = whole(taps * p->out_c, p->step);
      phase(p, weights, packed, full, phase_y, phase_x, range);
      packed += whole(p->in_c, p->lanes) * full;
    }
  }
}

/* A number of the matrix [rows][in_c]. */
static EQ_INLINE float at(const eq_pack_weights_t *p, const float *weights, int32_t row, int32_t c) {
  return c < p->trained ? weights[row * p->trained + c] : p->rest[row * (p->in_c - p->trained) + c - p->trained];
}

static EQ_INLINE void plain(const eq_pack_weights_t *p, const float *weights, ELEMENT *packed, eq_range_t range) {
  for (int32_t i = range.begin * p->lanes; i < range.end * p->lanes; i++) {
    STORE(packed + i, i < p->out_c * p->in_c ? at(p, weights, i / p->in_c, i % p->in_c) : 0.0f);
  }
}

static EQ_INLINE void taps_of(const eq_pack_weights_t *p, const float *weights, ELEMENT *packed, eq_range_t range) {
  for (int32_t row = range.begin * p->pair; row < range.end * p->pair; row++) {
    ELEMENT *const to = packed + row / p->pair * p->in_c * p->pair + row % p->pair;
    for (int32_t c = 0; c < p->in_c; c++) {
      STORE(to + c * p->pair, row < p->out_c ? at(p, weights, row, c) : 0.0f);
    }
  }
}

void KERNEL(pack_weights, scalar)(const eq_pack_weights_t *p, const float *restrict weights, ELEMENT *restrict packed,
                                  eq_range_t range) {
  if (p->order == EQ_PACK_FILTERS) {
    filters(p, weights, packed, range);
  } else if (p->order == EQ_PACK_TRANSPOSED) {
    transposed(p, weights, packed, range);
  } else if (p->order == EQ_PACK_TAPS) {
    taps_of(p, weights, packed, range);
  } else {
    plain(p, weights, packed, range);
  }
}
