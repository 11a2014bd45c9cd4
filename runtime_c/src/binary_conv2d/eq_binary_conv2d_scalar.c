/* binary_conv2d, portable C. The header states the contract.
 *
 * Three words at a time: a full adder of their bits leaves two words to be counted, one of them twice. Counts are kept a
 * byte each for a while. */
#include "eq_binary_conv2d.h"
#include "eq_inline.h"

/* A byte's count grows by 24 a turn and by 8 for each of two words more: 9 turns stay below 256. */
enum { TURNS = 9 };

/* Bits of every four bits of a word. */
static EQ_INLINE uint32_t nibble_counts(uint32_t v) {
  v = v - ((v >> 1) & 0x55555555u);
  return (v & 0x33333333u) + ((v >> 2) & 0x33333333u);
}

/* Sums of the two halves of every byte. */
static EQ_INLINE uint32_t to_bytes(uint32_t v) { return (v & 0x0f0f0f0fu) + ((v >> 4) & 0x0f0f0f0fu); }

static EQ_INLINE uint32_t count_three(uint32_t a, uint32_t b, uint32_t c) {
  const uint32_t u = a ^ b;
  return to_bytes(nibble_counts(u ^ c) + 2u * nibble_counts((a & b) | (u & c)));
}

static EQ_INLINE int32_t sum_of_bytes(uint32_t v) {
  v = (v & 0x00ff00ffu) + ((v >> 8) & 0x00ff00ffu);
  return (int32_t)((v & 0xffffu) + (v >> 16));
}

/* Bits in which the words of x and of one channel differ; the weights of a channel are 4 words apart. */
static EQ_INLINE int32_t differing(const uint32_t *x, const uint32_t *w, int32_t words) {
  int32_t total = 0;
  uint32_t bytes = 0;
  for (int32_t turn = 0; words >= 3; words -= 3) {
    bytes += count_three(x[0] ^ w[0], x[1] ^ w[4], x[2] ^ w[8]);
    x += 3;
    w += 12;
    if (++turn == TURNS) {
      total += sum_of_bytes(bytes);
      bytes = 0;
      turn = 0;
    }
  }
  for (; words > 0; words--) {
    bytes += to_bytes(nibble_counts(*x++ ^ *w));
    w += 4;
  }
  return total + sum_of_bytes(bytes);
}

static EQ_INLINE void group(const eq_binary_conv2d_t *p, const uint32_t *x, const int32_t *base, const uint32_t *w,
                            int32_t words, int32_t o, int8_t *y) {
  for (int32_t i = 0; i < 4 && o + i < p->out_c; i++) {
    const int32_t v = (base[i] - differing(x, w + i, words) * p->step[o + i]) >> 16;
    y[o + i] = (int8_t)(v < p->act_min ? p->act_min : v > p->act_max ? p->act_max : v);
  }
}

static EQ_INLINE uint32_t signs(const uint32_t *x, const int32_t *base, const uint32_t *w, int32_t words) {
  uint32_t bits = 0;
  for (int32_t i = 0; i < 4; i++) {
    bits |= (uint32_t)(differing(x, w + i, words) + base[i]) >> 31 << i;
  }
  return bits;
}

#include "eq_binary_conv2d_run.h"

EQ_BINARY_CONV2D_PROTOTYPE(eq_binary_conv2d_scalar, int8_t) { conv2d(p, input, output, scratch, range); }
EQ_BINARY_CONV2D_PROTOTYPE(eq_binary_conv2d_bits_scalar, uint32_t) { conv2d_bits(p, input, output, scratch, range); }
