/* conv2d_wgrad, FP16 storage, Xpulp with smallfloat: eight places of the window times two channels of dy, two
 * pixels at a time. The header states the contract. */
#include "eq_xpulp_pixel_pairs.h"

typedef struct {
  eq_float4_t low, high; /* of eight places */
} sums_t;

typedef struct {
  sums_t o0, o1; /* of two channels of dy */
} block_t;

static EQ_INLINE block_t add_pair(block_t sum, const eq_f16_t *x, eq_xpulp_pair_t d0, eq_xpulp_pair_t d1) {
  for (int32_t i = 0; i < 2; i++) {
    const eq_xpulp_pair_t x0 = eq_xpulp_load_pair(x + 8 * i), x1 = eq_xpulp_load_pair(x + 8 * i + 2);
    const eq_xpulp_pair_t x2 = eq_xpulp_load_pair(x + 8 * i + 4), x3 = eq_xpulp_load_pair(x + 8 * i + 6);
    eq_float4_t *const s0 = i == 0 ? &sum.o0.low : &sum.o0.high, *const s1 = i == 0 ? &sum.o1.low : &sum.o1.high;
    *s0 = eq_xpulp_dotpex4(*s0, d0, x0, x1, x2, x3);
    *s1 = eq_xpulp_dotpex4(*s1, d1, x0, x1, x2, x3);
  }
  return sum;
}

/* The channels o and o + 1 of dy at two pixels; `aligned`: both exist, and words hold them. `last`: there is no second
 * pixel. */
static EQ_INLINE block_t add_pixels(block_t sum, const eq_f16_t *x, const eq_f16_t *dy, int32_t out_c, int32_t channels,
                                    int32_t aligned, int32_t last) {
  uint32_t a, b = 0;
  if (aligned) {
    a = eq_xpulp_word_at(dy);
    b = last ? 0u : eq_xpulp_word_at(dy + out_c);
  } else {
    a = dy[0] | (channels > 1 ? (uint32_t)dy[1] << 16 : 0u);
    if (!last) {
      b = dy[out_c] | (channels > 1 ? (uint32_t)dy[out_c + 1] << 16 : 0u);
    }
  }
  return add_pair(sum, x, eq_xpulp_pair_of(eq_xcv_pack_lo_h(b, a)), eq_xpulp_pair_of(eq_xcv_pack_hi_h(b, a)));
}

static EQ_INLINE block_t products(block_t sum, const eq_f16_t *x, const eq_f16_t *dy, int32_t out_c, int32_t count,
                                  int32_t channels, int32_t aligned) {
  const int32_t step = 2 * out_c;
  for (; count >= 4; count -= 4) {
    sum = add_pixels(sum, x, dy, out_c, channels, aligned, 0);
    dy += step;
    __asm__ volatile("" ::: "memory"); /* or the loads of both pairs would need more registers than there are */
    sum = add_pixels(sum, x + 2 * EQ_XPULP_PLACES, dy, out_c, channels, aligned, 0);
    dy += step;
    x += 4 * EQ_XPULP_PLACES;
  }
  if (count >= 2) {
    sum = add_pixels(sum, x, dy, out_c, channels, aligned, 0);
    dy += step;
    x += 2 * EQ_XPULP_PLACES;
  }
  if ((count & 1) != 0) {
    sum = add_pixels(sum, x, dy, out_c, channels, aligned, 1);
  }
  return sum;
}

/* `places` numbers, zeros behind them. */
static EQ_INLINE sums_t load(const float *dw, int32_t places) {
  if (places >= EQ_XPULP_PLACES) {
    return (sums_t){{dw[0], dw[1], dw[2], dw[3]}, {dw[4], dw[5], dw[6], dw[7]}};
  }
  float x[EQ_XPULP_PLACES];
  for (int32_t i = 0; i < EQ_XPULP_PLACES; i++) {
    x[i] = i < places ? dw[i] : 0.0f;
  }
  return (sums_t){{x[0], x[1], x[2], x[3]}, {x[4], x[5], x[6], x[7]}};
}

static EQ_INLINE void store4(float *dw, eq_float4_t s) {
  dw[0] = s.v0;
  dw[1] = s.v1;
  dw[2] = s.v2;
  dw[3] = s.v3;
}

static EQ_INLINE void store(float *dw, sums_t s, int32_t places) {
  if (places >= EQ_XPULP_PLACES) {
    store4(dw, s.low);
    store4(dw + 4, s.high);
    return;
  }
  float x[EQ_XPULP_PLACES];
  store4(x, s.low);
  store4(x + 4, s.high);
  for (int32_t i = 0; i < places; i++) {
    dw[i] = x[i];
  }
}

EQ_CONV2D_WGRAD_PROTOTYPE(eq_conv2d_wgrad_f16_xpulp, eq_f16_t) {
  const int32_t places = p->kernel_h * p->kernel_w * p->in_c, pixels = p->out_h * p->out_w;
  const int32_t pairs = (p->out_c + 1) / 2, aligned = (p->out_c & 1) == 0;
  const sums_t zeros = {{0.0f, 0.0f, 0.0f, 0.0f}, {0.0f, 0.0f, 0.0f, 0.0f}};
  eq_f16_t *const columns = scratch;
  for (int32_t unit = range.begin, next; unit < range.end; unit = next) {
    const int32_t block = unit / pairs, k = block * EQ_XPULP_PLACES, end = (block + 1) * pairs;
    const int32_t own = places - k < EQ_XPULP_PLACES ? places - k : EQ_XPULP_PLACES;
    next = end < range.end ? end : range.end;
    for (int32_t first = 0; first < pixels; first += EQ_CONV2D_WGRAD_PIXELS) {
      const int32_t left = pixels - first, count = left < EQ_CONV2D_WGRAD_PIXELS ? left : EQ_CONV2D_WGRAD_PIXELS;
      eq_xpulp_gather_pairs(p, x, k, first, count, columns);
      for (int32_t pair = unit - block * pairs; pair < next - block * pairs; pair++) {
        const int32_t o = 2 * pair, channels = p->out_c - o;
        const eq_f16_t *const gradient = dy + first * p->out_c + o;
        float *const to = dw + o * places + k;
        block_t sum = {zeros, zeros};
        if (first > 0) {
          sum.o0 = load(to, own);
          if (channels > 1) {
            sum.o1 = load(to + places, own);
          }
        }
        sum = aligned ? products(sum, columns, gradient, p->out_c, count, 2, 1)
                      : products(sum, columns, gradient, p->out_c, count, channels, 0);
        store(to, sum.o0, own);
        if (channels > 1) {
          store(to + places, sum.o1, own);
        }
      }
    }
  }
}
