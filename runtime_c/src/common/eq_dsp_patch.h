/* The patches of four output pixels as a panel of halfwords (eq_dsp_panel.h). */
#ifndef EQ_DSP_PATCH_H
#define EQ_DSP_PATCH_H

#include "eq_dsp_panel.h"
#include "eq_patch.h"

static EQ_INLINE void eq_dsp_copy_word(int8_t *target, const int8_t *source) {
  const uint32_t word = eq_dsp_load(source);
  __builtin_memcpy(target, &word, sizeof word);
}

/* The last word of a run overlaps the one before it. */
static EQ_INLINE int8_t *eq_dsp_copy_run(int8_t *target, const int8_t *source, int32_t bytes) {
  if (bytes >= 4) {
    int8_t *const last = target + bytes - 4;
    const int8_t *const last_source = source + bytes - 4;
    for (; target < last; target += 4) {
      eq_dsp_copy_word(target, source);
      source += 4;
    }
    eq_dsp_copy_word(last, last_source);
    return last + 4;
  }
  for (; bytes > 0; bytes--) {
    *target++ = *source++;
  }
  return target;
}

static EQ_INLINE int8_t *eq_dsp_fill_run(int8_t *target, int32_t value, int32_t bytes) {
  for (; bytes > 0; bytes--) {
    *target++ = (int8_t)value;
  }
  return target;
}

/* Widening straight from the image, for runs of whole quads. The panel's pointer travels as the run's target. */
static EQ_INLINE int8_t *eq_dsp_widen_run(int8_t *target, const int8_t *source, int32_t bytes) {
  return (int8_t *)eq_dsp_widen(source, bytes, (uint32_t *)(void *)target);
}

static EQ_INLINE int8_t *eq_dsp_widen_fill(int8_t *target, int32_t value, int32_t bytes) {
  uint32_t *column = (uint32_t *)(void *)target;
  const uint32_t halves = ((uint32_t)value & 0xffffu) * 0x00010001u;
  for (; bytes > 0; bytes -= 4) {
    column[0] = halves;
    column[EQ_DSP_PANEL_PIXELS] = halves;
    column += EQ_DSP_PANEL_WORDS;
  }
  return (int8_t *)column;
}

/* Widens the patches of `count` (1 to 4) pixels from `pixel` on; columns beyond the last pixel repeat it. `patch` is
 * memory for one patch where channels are no whole quads. */
static EQ_INLINE void eq_dsp_widen_patches(const eq_conv2d_s8_t *p, const int8_t *input, int32_t pixel, int32_t count,
                                           uint32_t *panel, int8_t *patch) {
  const int32_t patch_bytes = p->kernel_h * p->kernel_w * p->in_c;
  for (int32_t i = 0; i < EQ_DSP_PANEL_PIXELS; i++) {
    const int32_t source = pixel + (i < count ? i : count - 1);
    if ((p->in_c & 3) == 0) {
      (void)eq_gather_patch(p, input, source, (int8_t *)(panel + i), eq_dsp_widen_run, eq_dsp_widen_fill);
    } else {
      (void)eq_gather_patch(p, input, source, patch, eq_dsp_copy_run, eq_dsp_fill_run);
      (void)eq_dsp_widen(patch, patch_bytes, panel + i);
    }
  }
}

#endif
