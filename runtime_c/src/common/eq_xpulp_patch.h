/* Gathers the input under one output pixel of a convolution into a patch [kernel_h][kernel_w][in_c]; taps outside the
 * image hold the zero point. */
#ifndef EQ_XPULP_PATCH_H
#define EQ_XPULP_PATCH_H

#include "eq_conv2d.h"
#include "eq_window.h"
#include "eq_xpulp.h"

/* `rows` runs of `run` bytes, x_step bytes apart, to y, y_step bytes apart: 16 bytes at a time along a row, what is
 * left of them down the rows. */
__attribute__((noinline)) static void eq_xpulp_copy_rows(int8_t *y, int32_t y_step, const int8_t *x, int32_t x_step,
                                                         int32_t run, int32_t rows) {
  const int32_t whole = run & ~15;
  if (whole != 0) {
    int8_t *t = y;
    const int8_t *s = x;
    for (int32_t i = rows; i > 0; i--) {
      const int8_t *const end = s + whole;
      while (s != end) {
        uint32_t a, b, c, d;
        EQ_XPULP_NEXT_BY(a, s, 4);
        EQ_XPULP_NEXT_BY(b, s, 4);
        EQ_XPULP_NEXT_BY(c, s, 4);
        EQ_XPULP_NEXT_BY(d, s, 4);
        EQ_XPULP_PUT(t, a);
        EQ_XPULP_PUT(t, b);
        EQ_XPULP_PUT(t, c);
        EQ_XPULP_PUT(t, d);
      }
      s += x_step - whole;
      t += y_step - whole;
    }
  }
  x += whole;
  y += whole;
  for (int32_t left = run & 12; left > 0; left -= 4) {
    const int8_t *s = x;
    int8_t *t = y;
    for (int32_t i = rows; i > 0; i--) {
      uint32_t a;
      EQ_XPULP_NEXT_BY(a, s, x_step);
      eq_xpulp_store(t, a);
      t += y_step;
    }
    x += 4;
    y += 4;
  }
  for (int32_t left = run & 3; left > 0; left--) {
    const int8_t *s = x++;
    int8_t *t = y++;
    for (int32_t i = rows; i > 0; i--) {
      *t = *s;
      s += x_step;
      t += y_step;
    }
  }
}

/* The patch whose first tap is at row iy and column ix of the input. */
static void eq_xpulp_gather(const eq_conv2d_s8_t *p, const int8_t *input, int32_t iy, int32_t ix, int8_t *patch) {
  const int32_t in_c = p->in_c, row_bytes = p->kernel_w * in_c;
  const eq_taps_t ky = eq_taps_inside(iy, p->kernel_h, p->dilation_h, p->in_h);
  const eq_taps_t kx = eq_taps_inside(ix, p->kernel_w, p->dilation_w, p->in_w);
  const int32_t rows = ky.end - ky.begin, columns = kx.end - kx.begin;
  if (rows < p->kernel_h || columns < p->kernel_w) {
    (void)eq_xpulp_fill(patch, p->input_zero_point, p->kernel_h * row_bytes);
    if (rows == 0 || columns == 0) {
      return;
    }
  }
  const int32_t dilation_w = p->dilation_w, input_row = p->in_w * in_c;
  const int8_t *x = input + (iy + ky.begin * p->dilation_h) * input_row + (ix + kx.begin * dilation_w) * in_c;
  const int32_t run = dilation_w == 1 ? columns * in_c : in_c;
  patch += ky.begin * row_bytes + kx.begin * in_c;
  for (int32_t left = columns * in_c; left > 0; left -= run) {
    eq_xpulp_copy_rows(patch, row_bytes, x, p->dilation_h * input_row, run, rows);
    patch += in_c;
    x += dilation_w * in_c;
  }
}

/* Where the patches of four pixels at a time come from: read in place for a 1x1 kernel whose channels fill the quads. */
typedef struct {
  const eq_conv2d_s8_t *p;
  const int8_t *input;
  int8_t *memory; /* four patches of `quads` quads */
  int32_t quads, direct;
  int32_t ox, oy; /* the next output pixel */
} eq_xpulp_patches_t;

static EQ_INLINE eq_xpulp_patches_t eq_xpulp_patches(const eq_conv2d_s8_t *p, const int8_t *input, int8_t *memory,
                                                     int32_t quads, int32_t pixel) {
  const int32_t direct = p->kernel_h == 1 && p->kernel_w == 1 && p->in_c == 4 * quads;
  return (eq_xpulp_patches_t){p, input, memory, quads, direct, pixel % p->out_w, pixel / p->out_w};
}

/* The zero-filled quads of the next `count` (1 to 4) pixels. */
static EQ_INLINE void eq_xpulp_next_patches(eq_xpulp_patches_t *at, int32_t count, const int8_t *pixels[4]) {
  const eq_conv2d_s8_t *const p = at->p;
  const int32_t patch_bytes = p->kernel_h * p->kernel_w * p->in_c;
  for (int32_t i = 0; i < count; i++) {
    const int32_t iy = at->oy * p->stride_h - p->pad_top, ix = at->ox * p->stride_w - p->pad_left;
    if (at->direct && iy >= 0 && iy < p->in_h && ix >= 0 && ix < p->in_w) {
      pixels[i] = at->input + (iy * p->in_w + ix) * p->in_c;
    } else {
      int8_t *const patch = at->memory + 4 * at->quads * i;
      eq_xpulp_gather(p, at->input, iy, ix, patch);
      (void)eq_xpulp_fill(patch + patch_bytes, 0, 4 * at->quads - patch_bytes);
      pixels[i] = patch;
    }
    if (++at->ox == p->out_w) {
      at->ox = 0;
      at->oy++;
    }
  }
}

#endif
