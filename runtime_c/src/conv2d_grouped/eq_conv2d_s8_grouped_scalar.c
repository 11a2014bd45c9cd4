/* conv2d_grouped, int8, portable C. The header states the contract.
 *
 * For every group the patches of two pixels are gathered and used by the group's output channels. */
#include "eq_conv2d_grouped.h"
#include "eq_run.h"
#include "eq_scalar_block.h"
#include "eq_window.h"

/* The bytes of `channels` input channels from `first` on under one output pixel, as [kernel_h][kernel_w][channels]. */
static EQ_INLINE void gather(const eq_conv2d_grouped_s8_t *p, const int8_t *input, int32_t pixel, int32_t first,
                             int32_t channels, int8_t *patch) {
  const int32_t ix = pixel % p->out_w * p->stride_w - p->pad_left;
  const eq_taps_t kx = eq_taps_inside(ix, p->kernel_w, p->dilation_w, p->in_w);
  int32_t iy = pixel / p->out_w * p->stride_h - p->pad_top;
  for (int32_t ky = p->kernel_h; ky > 0; ky--, iy += p->dilation_h) {
    const int32_t inside = iy >= 0 && iy < p->in_h;
    const int32_t begin = inside ? kx.begin : 0, end = inside ? kx.end : 0;
    patch = eq_fill_run(patch, p->input_zero_point, begin * channels);
    for (int32_t i = begin; i < end; i++) {
      patch = eq_copy_run(patch, input + (iy * p->in_w + ix + i * p->dilation_w) * p->in_c + first, channels);
    }
    patch = eq_fill_run(patch, p->input_zero_point, (p->kernel_w - end) * channels);
  }
}

static EQ_INLINE void conv2d_grouped(const eq_conv2d_grouped_s8_t *p, const int8_t *restrict input,
                                     int8_t *restrict output, void *restrict scratch, eq_range_t range,
                                     eq_requant_form_t form) {
  const int32_t out_c = p->out_c;
  const int32_t group_in = p->in_c / p->groups, group_out = out_c / p->groups;
  const int32_t patch_bytes = p->kernel_h * p->kernel_w * group_in;
  int8_t *const patch = scratch;
  for (int32_t pixel = range.begin; pixel < range.end; pixel += 2) {
    int8_t *const y = output + pixel * out_c;
    const int32_t pair = pixel + 1 < range.end;
    for (int32_t group = 0; group < p->groups; group++) {
      const int32_t end = (group + 1) * group_out;
      for (int32_t i = 0; i <= pair; i++) {
        gather(p, input, pixel + i, group * group_in, group_in, patch + i * patch_bytes);
      }
      for (int32_t o = group * group_out; o < end; o += 4) {
        const eq_weights_t w = eq_weights_of(p->weights, o, end, patch_bytes);
        eq_sums_t s = eq_bias_of(p->bias, o, end);
        if (pair) {
          eq_sums_t t = s;
          eq_run2(&s, &t, patch, patch + patch_bytes, w, patch_bytes);
          eq_store_sums(&p->requant, t, o, 0, end, y + out_c, form);
        } else {
          eq_run1(&s, patch, w, patch_bytes);
        }
        eq_store_sums(&p->requant, s, o, 0, end, y, form);
      }
    }
  }
}

EQ_CONV2D_GROUPED_S8_PROTOTYPE(eq_conv2d_s8_grouped_high_scalar) {
  conv2d_grouped(p, input, output, scratch, range, EQ_REQUANT_HIGH);
}

EQ_CONV2D_GROUPED_S8_PROTOTYPE(eq_conv2d_s8_grouped_shift_scalar) {
  conv2d_grouped(p, input, output, scratch, range, EQ_REQUANT_SHIFT);
}

EQ_CONV2D_GROUPED_S8_PROTOTYPE(eq_conv2d_s8_grouped_tflite_scalar) {
  conv2d_grouped(p, input, output, scratch, range, EQ_REQUANT_TFLITE);
}

EQ_CONV2D_GROUPED_S8_PROTOTYPE(eq_conv2d_s8_grouped_line_scalar) {
  conv2d_grouped(p, input, output, scratch, range, EQ_REQUANT_LINE);
}

EQ_CONV2D_GROUPED_S8_PROTOTYPE(eq_conv2d_s8_grouped_step_scalar) {
  conv2d_grouped(p, input, output, scratch, range, EQ_REQUANT_STEP);
}
