/* Execution of a depthwise convolution over its own input, a group of channels at a time. The header states the
 * contract. */
#include "eq_dwconv2d.h"
#include "eq_memory.h"

typedef uint32_t __attribute__((may_alias)) word_t;

static void gather_words(word_t *restrict plane, const int8_t *restrict image, int32_t pixels, int32_t stride) {
  for (; pixels > 0; pixels--) {
    *plane++ = *(const word_t *)(const void *)image;
    image += stride;
  }
}

static void gather_4_words(word_t *restrict plane, const int8_t *restrict image, int32_t pixels, int32_t stride) {
  for (; pixels > 0; pixels--) {
    const word_t *const from = (const word_t *)(const void *)image;
    plane[0] = from[0];
    plane[1] = from[1];
    plane[2] = from[2];
    plane[3] = from[3];
    plane += 4;
    image += stride;
  }
}

/* Copies `lanes` bytes of each of `pixels` pixels that lie `stride` bytes apart. */
static void gather(int8_t *restrict plane, const int8_t *restrict image, int32_t pixels, int32_t stride, int32_t lanes) {
  if (stride % 4 == 0 && lanes == 4) {
    gather_words((word_t *)(void *)plane, image, pixels, stride);
  } else if (stride % 4 == 0 && lanes == 16) {
    gather_4_words((word_t *)(void *)plane, image, pixels, stride);
  } else {
    for (; pixels > 0; pixels--) {
      memcpy(plane, image, (size_t)lanes);
      plane += lanes;
      image += stride;
    }
  }
}

void eq_dwconv2d_s8_planar(const eq_dwconv2d_s8_t *p, eq_conv2d_s8_kernel_t kernel, int8_t *image, int8_t *plane,
                           void *scratch, int32_t group, int32_t channel_bytes, eq_range_t range) {
  for (int32_t c = range.begin; c < range.end; c += group) {
    const int32_t lanes = range.end - c < group ? range.end - c : group;
    gather(plane, image + c, p->in_h * p->in_w, p->in_c, lanes);
    eq_dwconv2d_s8_t part = *p; /* these channels alone: a dense input, and an output that keeps its stride */
    part.in_c = lanes;
    part.weights = (const int8_t *)p->weights + c * channel_bytes;
    part.bias = p->bias + c;
    part.requant.multiplier = p->requant.multiplier + c;
    part.requant.shift = p->requant.shift == NULL ? NULL : p->requant.shift + c;
    part.requant.offset = p->requant.offset == NULL ? NULL : p->requant.offset + c;
    kernel(&part, plane, image + c, scratch, (eq_range_t){0, lanes});
  }
}
