/* The input bytes under one output pixel as a contiguous patch [kernel_h][kernel_w][in_c], for the MVE kernels; taps
 * outside the image are zero points. Most patches lie wholly inside, and the shape decides how those are had:
 *   - one run of whole blocks: read in place;
 *   - all bytes within 255 of the first: gather loads with the layer's table of offsets, whatever the runs' lengths;
 *   - else run by run, a kernel row each. */
#ifndef EQ_MVE_PATCH_H
#define EQ_MVE_PATCH_H

#include "eq_conv2d.h"
#include "eq_mve_product.h"
#include "eq_window.h"

enum { EQ_MVE_MAX_OFFSET = 255 };

typedef enum { EQ_MVE_PATCH_IN_PLACE, EQ_MVE_PATCH_OFFSETS, EQ_MVE_PATCH_ROWS, EQ_MVE_PATCH_TAPS } eq_mve_patch_way_t;

typedef struct {
  const eq_conv2d_s8_t *p;
  const int8_t *input;
  const uint8_t *offsets;   /* of a patch's bytes from its first one, whole blocks */
  eq_mve_patch_way_t way;   /* for patches wholly inside */
  int32_t last_iy, last_ix; /* of patches wholly inside; negative where there are none */
  int32_t row_bytes;        /* of the image */
  int32_t row_step;         /* image bytes from one kernel row to the next */
  int32_t run;              /* bytes of one kernel row */
  int32_t padded;           /* bytes of a patch, whole blocks */
} eq_mve_patch_t;

/* From the first to the last byte of a patch in the image. */
static EQ_INLINE int32_t eq_mve_patch_reach(const eq_conv2d_s8_t *p) {
  return ((p->kernel_h - 1) * p->dilation_h * p->in_w + (p->kernel_w - 1) * p->dilation_w + 1) * p->in_c - 1;
}

/* `offsets` is memory for the table: whole blocks, needed only if the patch's reach is at most EQ_MVE_MAX_OFFSET. */
static EQ_INLINE eq_mve_patch_t eq_mve_patches(const eq_conv2d_s8_t *p, const int8_t *input, uint8_t *offsets) {
  const int32_t row_bytes = p->in_w * p->in_c, run = p->kernel_w * p->in_c;
  const int32_t padded = eq_mve_padded(p->kernel_h * run);
  const int32_t row_step = p->dilation_h * row_bytes;
  eq_mve_patch_way_t way = p->dilation_w == 1 ? EQ_MVE_PATCH_ROWS : EQ_MVE_PATCH_TAPS;
  if (p->kernel_h == 1 && run == padded && (p->dilation_w == 1 || p->kernel_w == 1)) {
    way = EQ_MVE_PATCH_IN_PLACE;
  } else if (eq_mve_patch_reach(p) <= EQ_MVE_MAX_OFFSET) {
    way = EQ_MVE_PATCH_OFFSETS;
    uint8_t *offset = offsets;
    for (int32_t ky = 0; ky < p->kernel_h; ky++) {
      for (int32_t kx = 0; kx < p->kernel_w; kx++) {
        for (int32_t i = 0; i < p->in_c; i++) {
          *offset++ = (uint8_t)(ky * row_step + kx * p->dilation_w * p->in_c + i);
        }
      }
    }
    /* Bytes after the patch meet zero weights: any that may be read will do. */
    (void)eq_mve_fill((int8_t *)offset, 0, padded - p->kernel_h * run);
  } else {
    /* rows or taps: patches that offsets of a byte don't reach are copied */
  }
  const int32_t last_iy = p->in_h - 1 - (p->kernel_h - 1) * p->dilation_h;
  const int32_t last_ix = p->in_w - 1 - (p->kernel_w - 1) * p->dilation_w;
  return (eq_mve_patch_t){p, input, offsets, way, last_iy, last_ix, row_bytes, row_step, run, padded};
}

/* Copies `rows` >= 1 runs of `run` bytes. Assembly, because GCC 12 does not make tail-predicated loops. */
static EQ_INLINE void eq_mve_copy_rows(int8_t *target, int32_t target_step, const int8_t *source, int32_t source_step,
                                       int32_t run, int32_t rows) {
  if (run <= EQ_MVE_BLOCK) {
    __asm__ volatile(
        "vctp.8 %[run]\n\t"
        "dls lr, %[rows]\n"
        "1:\n\t"
        "vpstt\n\t"
        "vldrbt.8 q0, [%[source]]\n\t"
        "vstrbt.8 q0, [%[target]]\n\t"
        "add %[source], %[source_step]\n\t"
        "add %[target], %[target_step]\n\t"
        "le lr, 1b"
        : [source] "+r"(source), [target] "+r"(target)
        : [source_step] "r"(source_step), [target_step] "r"(target_step), [run] "r"(run), [rows] "r"(rows)
        : "q0", "lr", "cc", "memory");
    return;
  }
  /* The loop's pointers end up after the last block, whole or not. */
  const int32_t copied = eq_mve_padded(run);
  source_step -= copied;
  target_step -= copied;
  for (; rows > 0; rows--) {
    __asm__ volatile(
        "dlstp.8 lr, %[run]\n"
        "1:\n\t"
        "vldrb.8 q0, [%[source]], #16\n\t"
        "vstrb.8 q0, [%[target]], #16\n\t"
        "letp lr, 1b"
        : [source] "+r"(source), [target] "+r"(target)
        : [run] "r"(run)
        : "q0", "lr", "cc", "memory");
    source += source_step;
    target += target_step;
  }
}

/* A patch of any place: zero points everywhere, then the taps inside, column by column if they are apart. */
__attribute__((noinline)) static void eq_mve_patch_anywhere(const eq_mve_patch_t *g, int32_t iy, int32_t ix,
                                                            int8_t *patch) {
  const eq_conv2d_s8_t *const p = g->p;
  const eq_taps_t ky = eq_taps_inside(iy, p->kernel_h, p->dilation_h, p->in_h);
  const eq_taps_t kx = eq_taps_inside(ix, p->kernel_w, p->dilation_w, p->in_w);
  (void)eq_mve_fill(patch, p->input_zero_point, g->padded);
  if (ky.begin == ky.end || kx.begin == kx.end) {
    return;
  }
  const int8_t *x = g->input + (iy + ky.begin * p->dilation_h) * g->row_bytes;
  x += (ix + kx.begin * p->dilation_w) * p->in_c;
  patch += ky.begin * g->run + kx.begin * p->in_c;
  const int32_t columns = p->dilation_w == 1 ? 1 : kx.end - kx.begin;
  const int32_t run = p->dilation_w == 1 ? (kx.end - kx.begin) * p->in_c : p->in_c;
  for (int32_t i = columns; i > 0; i--) {
    eq_mve_copy_rows(patch, g->run, x, g->row_step, run, ky.end - ky.begin);
    x += p->dilation_w * p->in_c;
    patch += p->in_c;
  }
}

/* The patch whose first tap is at row iy and column ix: in the image, or gathered to `patch` (g->padded bytes). */
static EQ_INLINE const int8_t *eq_mve_patch(const eq_mve_patch_t *g, int32_t iy, int32_t ix, int8_t *patch) {
  if (iy < 0 || iy > g->last_iy || ix < 0 || ix > g->last_ix || g->way == EQ_MVE_PATCH_TAPS) {
    eq_mve_patch_anywhere(g, iy, ix, patch);
    return patch;
  }
  const int8_t *const x = g->input + iy * g->row_bytes + ix * g->p->in_c;
  if (g->way == EQ_MVE_PATCH_IN_PLACE) {
    return x;
  }
  if (g->way == EQ_MVE_PATCH_ROWS) {
    eq_mve_copy_rows(patch, g->run, x, g->row_step, g->run, g->p->kernel_h);
    return patch;
  }
  const uint8_t *offset = g->offsets;
  int8_t *target = patch;
  for (int32_t bytes = g->padded; bytes > 0; bytes -= EQ_MVE_BLOCK) {
    vstrbq_s8(target, vldrbq_gather_offset_s8(x, vldrbq_u8(offset)));
    target += EQ_MVE_BLOCK;
    offset += EQ_MVE_BLOCK;
  }
  return patch;
}

/* The output pixels of a convolution, two at a time. */
typedef struct {
  eq_mve_patch_t gather;
  int8_t *memory; /* two patches */
  int32_t iy, ix; /* of the next pixel's first tap */
  int32_t ix_begin, ix_end;
} eq_mve_pixels_t;

static EQ_INLINE eq_mve_pixels_t eq_mve_pixels(const eq_conv2d_s8_t *p, eq_mve_patch_t gather, int8_t *memory,
                                               int32_t pixel) {
  const int32_t ix_begin = -p->pad_left, ix_end = p->out_w * p->stride_w - p->pad_left;
  return (eq_mve_pixels_t){gather,
                           memory,
                           pixel / p->out_w * p->stride_h - p->pad_top,
                           pixel % p->out_w * p->stride_w - p->pad_left,
                           ix_begin,
                           ix_end};
}

/* The patches of the next one or two pixels. */
static EQ_INLINE void eq_mve_next_patches(eq_mve_pixels_t *at, int32_t count, const int8_t *places[2]) {
  const eq_conv2d_s8_t *const p = at->gather.p;
  int8_t *patch = at->memory;
  /* One loop and not two calls: the gathering is inlined. */
  for (int32_t i = 0; i < 2 && i < count; i++) {
    places[i] = eq_mve_patch(&at->gather, at->iy, at->ix, patch);
    patch += at->gather.padded;
    at->ix += p->stride_w;
    if (at->ix == at->ix_end) {
      at->ix = at->ix_begin;
      at->iy += p->stride_h;
    }
  }
}

#endif
