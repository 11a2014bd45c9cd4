/* conv2d, int8, Armv7E-M DSP. The header states the contract, eq_dsp_panel.h the matrix product.
 *
 * The patches of four pixels are widened into a panel once and used by every output channel. */
#include "eq_dsp_panel.h"
#include "eq_patch.h"

static EQ_INLINE void copy_word(int8_t *target, const int8_t *source) {
  const uint32_t word = eq_dsp_load(source);
  __builtin_memcpy(target, &word, sizeof word);
}

/* The last word of a run overlaps the one before it. */
static EQ_INLINE int8_t *copy_run(int8_t *target, const int8_t *source, int32_t bytes) {
  if (bytes >= 4) {
    int8_t *const last = target + bytes - 4;
    const int8_t *const last_source = source + bytes - 4;
    for (; target < last; target += 4) {
      copy_word(target, source);
      source += 4;
    }
    copy_word(last, last_source);
    return last + 4;
  }
  for (; bytes > 0; bytes--) {
    *target++ = *source++;
  }
  return target;
}

static EQ_INLINE int8_t *fill_run(int8_t *target, int32_t value, int32_t bytes) {
  for (; bytes > 0; bytes--) {
    *target++ = (int8_t)value;
  }
  return target;
}

/* Widening straight from the image, for runs of whole quads. The panel's pointer travels as the run's target. */
static EQ_INLINE int8_t *widen_run(int8_t *target, const int8_t *source, int32_t bytes) {
  return (int8_t *)eq_dsp_widen(source, bytes, (uint32_t *)(void *)target);
}

static EQ_INLINE int8_t *widen_fill(int8_t *target, int32_t value, int32_t bytes) {
  uint32_t *column = (uint32_t *)(void *)target;
  const uint32_t halves = ((uint32_t)value & 0xffffu) * 0x00010001u;
  for (; bytes > 0; bytes -= 4) {
    column[0] = halves;
    column[EQ_DSP_PANEL_PIXELS] = halves;
    column += EQ_DSP_PANEL_WORDS;
  }
  return (int8_t *)column;
}

static EQ_INLINE void conv2d(const eq_conv2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             void *restrict scratch, eq_range_t range, eq_requant_form_t form) {
  const int32_t patch_bytes = p->kernel_h * p->kernel_w * p->in_c;
  const int32_t quads = (patch_bytes + 3) / 4;
  uint32_t *const panel = scratch;
  int8_t *const patch = (int8_t *)(panel + quads * EQ_DSP_PANEL_WORDS);
  for (int32_t pixel = range.begin; pixel < range.end; pixel += EQ_DSP_PANEL_PIXELS) {
    const int32_t count = range.end - pixel < EQ_DSP_PANEL_PIXELS ? range.end - pixel : EQ_DSP_PANEL_PIXELS;
    for (int32_t i = 0; i < EQ_DSP_PANEL_PIXELS; i++) {
      /* Columns beyond the last pixel repeat it; their sums are not stored. */
      const int32_t source = pixel + (i < count ? i : count - 1);
      if ((p->in_c & 3) == 0) {
        (void)eq_gather_patch(p, input, source, (int8_t *)(panel + i), widen_run, widen_fill);
      } else {
        (void)eq_gather_patch(p, input, source, patch, copy_run, fill_run);
        (void)eq_dsp_widen(patch, patch_bytes, panel + i);
      }
    }
    eq_dsp_panel_product(panel, p->weights, quads, p->bias, &p->requant, p->out_c, output + pixel * p->out_c,
                         count, form);
  }
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_high_dsp) { conv2d(p, input, output, scratch, range, EQ_REQUANT_HIGH); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_shift_dsp) { conv2d(p, input, output, scratch, range, EQ_REQUANT_SHIFT); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_tflite_dsp) { conv2d(p, input, output, scratch, range, EQ_REQUANT_TFLITE); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_line_dsp) { conv2d(p, input, output, scratch, range, EQ_REQUANT_LINE); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_step_dsp) { conv2d(p, input, output, scratch, range, EQ_REQUANT_STEP); }
