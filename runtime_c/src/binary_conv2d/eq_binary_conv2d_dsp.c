/* binary_conv2d, Armv7E-M DSP. The header states the contract. Bits are counted as in eq_binary_conv2d_scalar.c, but that
 * USADA8 adds up the bytes and the masks stay in registers, so that AND shifts its other operand. */
#include "eq_binary_conv2d.h"
#include "eq_dsp.h"

typedef struct {
  uint32_t pairs, nibbles, bytes;
} masks_t;

/* Hidden from the compiler, which would put them into every instruction. */
static EQ_INLINE masks_t masks(void) {
  masks_t m = {0x55555555u, 0x33333333u, 0x0f0f0f0fu};
  __asm__("" : "+r"(m.pairs), "+r"(m.nibbles), "+r"(m.bytes));
  return m;
}

/* Bits of every four bits of a word. */
static EQ_INLINE uint32_t nibble_counts(uint32_t v, masks_t m) {
  v -= (v >> 1) & m.pairs;
  return (v & m.nibbles) + ((v >> 2) & m.nibbles);
}

/* sum + counts of at most 15 in every four bits. */
static EQ_INLINE int32_t add_nibbles(uint32_t v, int32_t sum, masks_t m) {
  return eq_dsp_add_bytes((v & m.bytes) + ((v >> 4) & m.bytes), sum);
}

/* Three words: a full adder of their bits leaves two to be counted, one of them twice. */
static EQ_INLINE int32_t add_three(uint32_t a, uint32_t b, uint32_t c, int32_t sum, masks_t m) {
  const uint32_t u = a ^ b;
  return add_nibbles(nibble_counts(u ^ c, m) + 2u * nibble_counts((a & b) | (u & c), m), sum, m);
}

/* Bits in which the words of x and those of four channels differ: n[0 .. 3]. */
__attribute__((noinline)) static void differing(const uint32_t *x, const uint32_t *w, int32_t words, int32_t *n) {
  const masks_t m = masks();
  const int32_t rest = words % 3;
  if (rest == 2) {
    const uint32_t x0 = *x++, x1 = *x++;
    for (int32_t i = 0; i < 4; i++) {
      n[i] = add_nibbles(nibble_counts(x0 ^ w[i], m) + nibble_counts(x1 ^ w[i + 4], m), 0, m);
    }
  } else if (rest == 1) {
    const uint32_t x0 = *x++;
    for (int32_t i = 0; i < 4; i++) {
      n[i] = add_nibbles(nibble_counts(x0 ^ w[i], m), 0, m);
    }
  } else {
    n[0] = n[1] = n[2] = n[3] = 0;
  }
  w += 4 * rest;
  for (words -= rest; words > 0; words -= 3) {
    const uint32_t x0 = *x++, x1 = *x++, x2 = *x++;
    for (int32_t i = 0; i < 4; i++) {
      n[i] = add_three(x0 ^ w[i], x1 ^ w[i + 4], x2 ^ w[i + 8], n[i], m);
      __asm__ volatile("" : : : "memory"); /* one channel after the other: not enough registers for more */
    }
    w += 12;
  }
}

static EQ_INLINE void group(const eq_binary_conv2d_t *p, const uint32_t *x, const int32_t *base, const uint32_t *w,
                            int32_t words, int32_t o, int8_t *y) {
  const int32_t *const step = p->step + o;
  const int32_t low = p->act_min, high = p->act_max;
  int32_t n[4];
  differing(x, w, words, n);
  y += o;
  if (o + 4 <= p->out_c && low == -128 && high == 127) {
    for (int32_t i = 0; i < 4; i++) {
      y[i] = (int8_t)eq_dsp_ssat8((base[i] - n[i] * step[i]) >> 16);
    }
    return;
  }
  for (int32_t i = 0; i < 4 && o + i < p->out_c; i++) {
    const int32_t v = (base[i] - n[i] * step[i]) >> 16;
    y[i] = (int8_t)(v < low ? low : v > high ? high : v);
  }
}

static EQ_INLINE uint32_t signs(const uint32_t *x, const int32_t *base, const uint32_t *w, int32_t words) {
  int32_t n[4];
  differing(x, w, words, n);
  return (uint32_t)(n[0] + base[0]) >> 31 | (uint32_t)(n[1] + base[1]) >> 31 << 1 |
         (uint32_t)(n[2] + base[2]) >> 31 << 2 | (uint32_t)(n[3] + base[3]) >> 31 << 3;
}

#include "eq_binary_conv2d_run.h"

EQ_BINARY_CONV2D_PROTOTYPE(eq_binary_conv2d_dsp, int8_t) { conv2d(p, input, output, scratch, range); }
EQ_BINARY_CONV2D_PROTOTYPE(eq_binary_conv2d_bits_dsp, uint32_t) { conv2d_bits(p, input, output, scratch, range); }
