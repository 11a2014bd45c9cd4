/* Which taps of a convolution or pooling window lie inside the image. */
#ifndef EQ_WINDOW_H
#define EQ_WINDOW_H

#include <stdint.h>

typedef struct {
  int32_t begin, end; /* 0 <= begin <= end <= kernel; begin == end when no tap is inside */
} eq_taps_t;

/* The taps k of a window with 0 <= start + k*dilation < size. The quick exit saves two divisions for most windows. */
static inline eq_taps_t eq_taps_inside(int32_t start, int32_t kernel, int32_t dilation, int32_t size) {
  eq_taps_t taps = {0, kernel};
  if (start < 0) {
    taps.begin = (dilation - 1 - start) / dilation;
    taps.begin = taps.begin < kernel ? taps.begin : kernel;
  }
  if (start + (kernel - 1) * dilation >= size) {
    taps.end = start < size ? (size - 1 - start) / dilation + 1 : 0;
    taps.end = taps.end > taps.begin ? taps.end : taps.begin;
  }
  return taps;
}

#endif
