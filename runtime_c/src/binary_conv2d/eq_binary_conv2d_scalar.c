/* binary_conv2d, portable C. The header states the contract.
 *
 * Bits are counted to bytes word by word, and the bytes added up every 31 words at the latest. */
#include "eq_binary_conv2d.h"
#include "eq_inline.h"

enum { EQ_BINARY_PIXELS = 2, WORDS_A_BYTE = 31 };

/* Bits of each byte of a word. */
static EQ_INLINE uint32_t byte_counts(uint32_t v) {
  v = v - ((v >> 1) & 0x55555555u);
  v = (v & 0x33333333u) + ((v >> 2) & 0x33333333u);
  return (v + (v >> 4)) & 0x0f0f0f0fu;
}

static EQ_INLINE int32_t sum_of_bytes(uint32_t v) {
  v = (v & 0x00ff00ffu) + ((v >> 8) & 0x00ff00ffu);
  return (int32_t)((v & 0xffffu) + (v >> 16));
}

/* Bits in which the words of x and of one channel differ; the weights of a channel are 4 words apart. */
static EQ_INLINE int32_t differing(const uint32_t *x, const uint32_t *w, int32_t words) {
  int32_t total = 0;
  while (words > 0) {
    uint32_t bytes = 0;
    const int32_t part = words < WORDS_A_BYTE ? words : WORDS_A_BYTE;
    for (int32_t i = 0; i < part; i++) {
      bytes += byte_counts(x[i] ^ w[4 * i]);
    }
    total += sum_of_bytes(bytes);
    x += part;
    w += 4 * part;
    words -= part;
  }
  return total;
}

static EQ_INLINE void group(const eq_requant_t *q, const uint32_t *const x[], const int32_t *const base[],
                            const uint32_t *w, int32_t words, int32_t o, int32_t out_c, int8_t *const y[],
                            int32_t count, eq_requant_form_t form) {
  for (int32_t c = o; c < o + 4 && c < out_c; c++) {
    for (int32_t i = 0; i < count; i++) {
      y[i][c] = eq_requantize(base[i][c] - 2 * differing(x[i], w + (c - o), words), c, q, form);
    }
  }
}

#include "eq_binary_conv2d_run.h"

EQ_BINARY_CONV2D_FUNCTIONS(scalar)
