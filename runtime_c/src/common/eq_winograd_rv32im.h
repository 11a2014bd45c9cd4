/* Products of the Winograd kernels for plain RV32IM, for any number of positions a tile. */
#ifndef EQ_WINOGRAD_RV32IM_H
#define EQ_WINOGRAD_RV32IM_H

#include <stddef.h>

#include "eq_run.h"
#include "eq_rv32im_requant.h"
#include "eq_winograd.h"

/* Output channels whose products are computed together. */
#define EQ_WINOGRAD_CHANNELS 4
/* Sums of one position: four output channels of four tiles. */
#define EQ_WINOGRAD_PRODUCTS (EQ_WINOGRAD_CHANNELS * EQ_WINOGRAD_TILES)

/* One tile of four output channels. Unsigned, because sums may wrap. */
typedef struct {
  uint32_t o0, o1, o2, o3;
} eq_winograd_sums_t;

static EQ_INLINE uint32_t eq_winograd_product(int32_t u, int32_t w) { return (uint32_t)u * (uint32_t)w; }

/* In RISC-V assembly, because GCC otherwise adds into other registers and moves sums back at the loop's end. */
static EQ_INLINE void eq_winograd_add(uint32_t *sum, uint32_t product) {
#ifdef __riscv
  __asm__("add %0, %0, %1" : "+r"(*sum) : "r"(product));
#else
  *sum += product;
#endif
}

static EQ_INLINE void eq_winograd_tile(eq_winograd_sums_t *s, int32_t u, const int32_t w[EQ_WINOGRAD_CHANNELS]) {
  eq_winograd_add(&s->o0, eq_winograd_product(u, w[0]));
  eq_winograd_add(&s->o1, eq_winograd_product(u, w[1]));
  eq_winograd_add(&s->o2, eq_winograd_product(u, w[2]));
  eq_winograd_add(&s->o3, eq_winograd_product(u, w[3]));
  __asm__ volatile("" : : : "memory"); /* the next input is loaded after this; see EQ_PIN4 */
}

/* One input channel. */
static EQ_INLINE void eq_winograd_step(eq_winograd_sums_t s[EQ_WINOGRAD_TILES], const int16_t *u, const int16_t *w) {
  const int32_t weights[EQ_WINOGRAD_CHANNELS] = {w[0], w[1], w[2], w[3]};
  eq_winograd_tile(&s[0], u[0], weights);
  eq_winograd_tile(&s[1], u[1], weights);
  eq_winograd_tile(&s[2], u[2], weights);
  eq_winograd_tile(&s[3], u[3], weights);
}

static EQ_INLINE void eq_winograd_put_sums(uint32_t *m, eq_winograd_sums_t s) {
  m[0] = s.o0;
  m[1] = s.o1;
  m[2] = s.o2;
  m[3] = s.o3;
}

/* m[positions][4 tiles][4 channels] = sums over in_c of u[in_c][positions][4 tiles] times weights[positions][in_c][4
 * channels]. Returns the weights after these. `positions` is a compile-time constant. To be wrapped in a function of
 * its own, because its inner loop needs nearly all registers. */
static EQ_INLINE const int16_t *eq_winograd_products(const int16_t *u, const int16_t *weights, uint32_t *m,
                                                     int32_t in_c, int32_t positions) {
  const int32_t step = positions * EQ_WINOGRAD_TILES;
  const uint32_t *const end = m + positions * EQ_WINOGRAD_PRODUCTS;
  for (; m != end; m += EQ_WINOGRAD_PRODUCTS) {
    const int16_t *x = u, *const last = weights + in_c * EQ_WINOGRAD_CHANNELS;
    eq_winograd_sums_t s[EQ_WINOGRAD_TILES] = {{0u, 0u, 0u, 0u}, {0u, 0u, 0u, 0u}, {0u, 0u, 0u, 0u}, {0u, 0u, 0u, 0u}};
    for (int32_t odd = in_c & 3; odd > 0; odd--) {
      eq_winograd_step(s, x, weights);
      x += step;
      weights += EQ_WINOGRAD_CHANNELS;
    }
    while (weights != last) {
      eq_winograd_step(s, x, weights);
      eq_winograd_step(s, x + step, weights + EQ_WINOGRAD_CHANNELS);
      eq_winograd_step(s, x + 2 * step, weights + 2 * EQ_WINOGRAD_CHANNELS);
      eq_winograd_step(s, x + 3 * step, weights + 3 * EQ_WINOGRAD_CHANNELS);
      x += 4 * step;
      weights += 4 * EQ_WINOGRAD_CHANNELS;
    }
    eq_winograd_put_sums(m, s[0]);
    eq_winograd_put_sums(m + 4, s[1]);
    eq_winograd_put_sums(m + 8, s[2]);
    eq_winograd_put_sums(m + 12, s[3]);
    u += EQ_WINOGRAD_TILES;
  }
  return weights;
}

/* How one output channel is requantized. */
typedef struct {
  uint32_t bias;
  eq_scale_t scale;
  eq_output_t out;
} eq_winograd_channel_t;

/* What distinguishes the kernels.
 * input: u[in_c][positions][EQ_WINOGRAD_TILES], with the tile chosen, from one tile's input, pixels in_c bytes apart.
 * products: eq_winograd_products with the kernel's positions.
 * output: from m[positions][EQ_WINOGRAD_PRODUCTS], with tile and channel chosen, to one channel of one tile. */
typedef struct {
  int32_t side;
  void (*input)(eq_tile_input_t from, int32_t in_c, int16_t *u);
  const int16_t *(*products)(const int16_t *u, const int16_t *weights, uint32_t *m, int32_t in_c);
  void (*output)(const uint32_t *m, eq_winograd_channel_t channel, eq_place_t place, eq_requant_form_t form);
} eq_winograd_kernel_t;

/* All output channels of up to four tiles. */
static EQ_INLINE void eq_winograd_multiply(const eq_conv2d_s8_t *p, const int16_t *u, uint32_t *m, eq_place_t *places,
                                           int32_t count, eq_winograd_kernel_t k, eq_requant_form_t form) {
  const int16_t *weights = p->weights;
  const eq_output_t out = eq_output_of(&p->requant, form);
  for (int32_t o = 0; o < p->out_c; o++) {
    const int32_t lane = o % EQ_WINOGRAD_CHANNELS;
    if (lane == 0) {
      weights = k.products(u, weights, m, p->in_c);
    }
    const eq_winograd_channel_t channel = {(uint32_t)p->bias[o], eq_scale_of(&p->requant, o, form), out};
    for (int32_t t = 0; t < count; t++) {
      k.output(m + t * EQ_WINOGRAD_CHANNELS + lane, channel, places[t], form);
      places[t].y++;
    }
  }
}

/* The whole kernel; `k` is a compile-time constant. */
static EQ_INLINE void eq_winograd_conv2d(const eq_conv2d_s8_t *p, const int8_t *restrict input,
                                         int8_t *restrict output, void *restrict scratch, eq_range_t range,
                                         eq_winograd_kernel_t k, eq_requant_form_t form) {
  const int32_t side = k.side, positions = (side + 2) * (side + 2), tile_bytes = side * side * p->out_c;
  uint32_t *const m = scratch;
  int16_t *const u = (int16_t *)(void *)(m + positions * EQ_WINOGRAD_PRODUCTS);
  int8_t *const rest = (int8_t *)(u + p->in_c * positions * EQ_WINOGRAD_TILES); /* a tile's input, later outputs */
  eq_tile_t next = eq_first_tile(p, range, side);
  for (int32_t left = eq_tiles_of(p, range, side); left > 0; left -= EQ_WINOGRAD_TILES) {
    const int32_t count = left < EQ_WINOGRAD_TILES ? left : EQ_WINOGRAD_TILES;
    eq_tile_t tiles[EQ_WINOGRAD_TILES];
    eq_place_t places[EQ_WINOGRAD_TILES];
    for (int32_t t = 0; t < count; t++) {
      tiles[t] = next;
      places[t] = eq_place_of(p, next, side, range, output, rest + t * tile_bytes);
      k.input(eq_tile_lies_inside(p, next, side)
                  ? eq_tile_in_image(p, input, next)
                  : eq_tile_in_patch(p, input, next, side, rest, eq_copy_run, eq_fill_run),
              p->in_c, u + t);
      next = eq_next_tile(p, next, side);
    }
    eq_winograd_multiply(p, u, m, places, count, k, form);
    for (int32_t t = 0; t < count; t++) {
      if (!eq_tile_is_whole(p, tiles[t], side, range)) {
        eq_unstage(p, tiles[t], side, range, rest + t * tile_bytes, output, eq_copy_run);
      }
    }
  }
}

#endif
