/* pack_weights, portable C, for the element that was included before. */
#include "eq_inline.h"
#include "eq_pack_weights.h"
#include "eq_phase.h"

/* Row `lane` of a block from place k of its sums on: `count` numbers that lie `stride` apart. */
static EQ_INLINE void put(const eq_pack_weights_t *p, ELEMENT *block, int32_t lane, int32_t k, const float *from,
                          int32_t count, int32_t stride) {
  const int32_t pair = p->pair, odd = k & (pair - 1), turn = pair * p->lanes;
  ELEMENT *to = block + (k - odd) * p->lanes + lane * pair + odd;
  if (odd != 0 && count > 0) {
    STORE(to, *from);
    to += turn - 1;
    from += stride;
    count--;
  }
  if (pair == 2) {
    for (; count >= 2; count -= 2) {
      STORE(to, from[0]);
      STORE(to + 1, from[stride]);
      to += turn;
      from += 2 * stride;
    }
  }
  for (; count > 0; count--) {
    STORE(to, *from);
    to += turn;
    from += stride;
  }
}

/* Zeros from place k on. */
static EQ_INLINE void clear(const eq_pack_weights_t *p, ELEMENT *block, int32_t lane, int32_t k, int32_t end) {
  for (; k < end; k++) {
    const int32_t odd = k & (p->pair - 1);
    block[(k - odd) * p->lanes + lane * p->pair + odd] = (ELEMENT)0;
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
        const int32_t frozen = channel - p->trained;
        put(p, to, lane, 0, frozen < 0 ? weights + channel * count : p->rest + frozen * count, filled, 1);
      }
      clear(p, to, lane, filled, full);
    }
  }
}

static EQ_INLINE eq_phase_t rows_of(const eq_pack_weights_t *p, int32_t phase) {
  return eq_phase_of(phase, p->kernel_h, p->dilation_h, p->stride_h, 0, 1);
}

static EQ_INLINE eq_phase_t columns_of(const eq_pack_weights_t *p, int32_t phase) {
  return eq_phase_of(phase, p->kernel_w, p->dilation_w, p->stride_w, 0, 1);
}

/* Tap number `y`, `x` of a phase, the last one being number 0. */
static EQ_INLINE int32_t tap_of(const eq_pack_weights_t *p, const eq_phase_t *rows, const eq_phase_t *columns, int32_t y,
                                int32_t x) {
  return (rows->last - y * rows->apart) * p->kernel_w + columns->last - x * columns->apart;
}

/* The weights of one phase. */
static EQ_INLINE void phase(const eq_pack_weights_t *p, const float *weights, ELEMENT *packed, int32_t full,
                            const eq_phase_t *rows, const eq_phase_t *columns, eq_range_t range) {
  const int32_t stride = p->kernel_h * p->kernel_w * p->in_c;
  for (int32_t block = range.begin; block < range.end; block++) {
    ELEMENT *const to = packed + block * p->lanes * full;
    for (int32_t lane = 0; lane < p->lanes; lane++) {
      const int32_t channel = block * p->lanes + lane;
      int32_t k = 0;
      for (int32_t y = 0; y < rows->taps && channel < p->in_c; y++) {
        for (int32_t x = 0; x < columns->taps; x++) {
          const int32_t at = tap_of(p, rows, columns, y, x) * p->in_c + channel;
          put(p, to, lane, k, weights + at, p->trained, stride);
          if (p->rest != NULL) {
            put(p, to, lane, k + p->trained, p->rest + at, p->out_c - p->trained, stride);
          }
          k += p->out_c;
        }
      }
      clear(p, to, lane, k, full);
    }
  }
}

static EQ_INLINE void transposed(const eq_pack_weights_t *p, const float *weights, ELEMENT *packed, eq_range_t range) {
  for (int32_t phase_y = 0; phase_y < p->stride_h; phase_y++) {
    const eq_phase_t rows = rows_of(p, phase_y);
    for (int32_t phase_x = 0; phase_x < p->stride_w; phase_x++) {
      const eq_phase_t columns = columns_of(p, phase_x);
      const int32_t full = whole(rows.taps * columns.taps * p->out_c, p->step);
      phase(p, weights, packed, full, &rows, &columns, range);
      packed += whole(p->in_c, p->lanes) * full;
    }
  }
}

static EQ_INLINE void plain(const eq_pack_weights_t *p, const float *weights, ELEMENT *packed, eq_range_t range) {
  const int32_t count = p->out_c * p->in_c, last = range.end * p->lanes, end = last < count ? last : count;
  int32_t i = range.begin * p->lanes;
  if (p->rest == NULL) {
    for (; i < end; i++) {
      STORE(packed + i, weights[i]);
    }
  }
  for (; i < end; i++) {
    const int32_t row = i / p->in_c, c = i - row * p->in_c;
    STORE(packed + i, c < p->trained ? weights[row * p->trained + c]
                                     : p->rest[row * (p->in_c - p->trained) + c - p->trained]);
  }
  for (; i < last; i++) {
    packed[i] = (ELEMENT)0;
  }
}

/* The channels of `range` of a row [in_c] of the weights. */
static EQ_INLINE void row_of(const eq_pack_weights_t *p, const float *weights, int32_t row, ELEMENT *to,
                             eq_range_t range) {
  const int32_t trained = range.end < p->trained ? range.end : p->trained;
  const float *const own = weights + row * p->trained;
  int32_t c = range.begin;
  for (; c < trained; c++) {
    STORE(to + c, own[c]);
  }
  for (; c < range.end; c++) {
    STORE(to + c, p->rest[row * (p->in_c - p->trained) + c - p->trained]);
  }
}

static EQ_INLINE void flipped(const eq_pack_weights_t *p, const float *weights, ELEMENT *packed, eq_range_t range) {
  for (int32_t phase_y = 0; phase_y < p->stride_h; phase_y++) {
    const eq_phase_t rows = rows_of(p, phase_y);
    for (int32_t phase_x = 0; phase_x < p->stride_w; phase_x++) {
      const eq_phase_t columns = columns_of(p, phase_x);
      for (int32_t y = 0; y < rows.taps; y++) {
        for (int32_t x = 0; x < columns.taps; x++) {
          row_of(p, weights, tap_of(p, &rows, &columns, y, x), packed, range);
          packed += p->in_c;
        }
      }
    }
  }
}

void KERNEL(pack_weights, scalar)(const eq_pack_weights_t *p, const float *restrict weights, ELEMENT *restrict packed,
                                  eq_range_t range) {
  switch (p->order) {
    case EQ_PACK_FILTERS:
      filters(p, weights, packed, range);
      break;
    case EQ_PACK_TRANSPOSED:
      transposed(p, weights, packed, range);
      break;
    case EQ_PACK_FLIPPED:
      flipped(p, weights, packed, range);
      break;
    default:
      plain(p, weights, packed, range);
      break;
  }
}
