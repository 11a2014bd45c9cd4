/* The geometry of layers with a window in training: that of the forward layer, whatever the kernel turns it into. */
#ifndef EQ_WINDOW_FIELDS_H
#define EQ_WINDOW_FIELDS_H

#include <stdint.h>

#define EQ_WINDOW_FIELDS          \
  int32_t kernel_h, kernel_w;     \
  int32_t stride_h, stride_w;     \
  int32_t pad_top, pad_left;      \
  int32_t dilation_h, dilation_w

#endif
