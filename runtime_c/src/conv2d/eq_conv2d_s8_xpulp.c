/* conv2d, int8, Xpulp / CORE-V. The header states the contract, eq_xpulp_block.h the matrix product.
 *
 * The patches of four pixels are gathered once and used by every output channel; those of a 1x1 kernel are read in
 * place if in_c is a multiple of 4. */
#include "eq_xpulp_block.h"
#include "eq_xpulp_patch.h"

static EQ_INLINE void conv2d(const eq_conv2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             void *restrict scratch, eq_range_t range, eq_requant_form_t form) {
  const int32_t patch_bytes = p->kernel_h * p->kernel_w * p->in_c;
  const int32_t quads = (patch_bytes + 3) / 4;
  const eq_xpulp_requant_t q = eq_xpulp_requant(&p->requant);
  int8_t *const patches = scratch;
  const int32_t direct = p->kernel_h == 1 && p->kernel_w == 1 && (p->in_c & 3) == 0;
  int32_t ox = range.begin % p->out_w, oy = range.begin / p->out_w;
  for (int32_t pixel = range.begin; pixel < range.end; pixel += EQ_XPULP_PIXELS) {
    const int32_t count = range.end - pixel < EQ_XPULP_PIXELS ? range.end - pixel : EQ_XPULP_PIXELS;
    const int8_t *pixels[4] = {patches, patches, patches, patches};
    for (int32_t i = 0; i < count; i++) {
      const int32_t iy = oy * p->stride_h - p->pad_top, ix = ox * p->stride_w - p->pad_left;
      if (direct && iy >= 0 && iy < p->in_h && ix >= 0 && ix < p->in_w) {
        pixels[i] = input + (iy * p->in_w + ix) * p->in_c;
      } else {
        int8_t *const patch = patches + 4 * quads * i;
        eq_xpulp_gather(p, input, iy, ix, patch);
        (void)eq_xpulp_fill(patch + patch_bytes, 0, 4 * quads - patch_bytes);
        pixels[i] = patch;
      }
      if (++ox == p->out_w) {
        ox = 0;
        oy++;
      }
    }
    eq_xpulp_product(pixels, quads, p->weights, p->bias, &q, p->out_c, output + pixel * p->out_c, count, form);
  }
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_high_xpulp) { conv2d(p, input, output, scratch, range, EQ_REQUANT_HIGH); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_shift_xpulp) { conv2d(p, input, output, scratch, range, EQ_REQUANT_SHIFT); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_tflite_xpulp) { conv2d(p, input, output, scratch, range, EQ_REQUANT_TFLITE); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_line_xpulp) { conv2d(p, input, output, scratch, range, EQ_REQUANT_LINE); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_step_xpulp) { conv2d(p, input, output, scratch, range, EQ_REQUANT_STEP); }
