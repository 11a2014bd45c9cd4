/* The channels of a range of a pool, pixel by pixel, four at a time. Define POOL, the kernel's name, and PARAMETERS, its
 * record, and have window_at(p, input, pixel) and channels_of(p, window, channel, y, lanes) before it is included. */

void POOL(const PARAMETERS *p, const int8_t *restrict input, int8_t *restrict output, eq_range_t range) {
  const int32_t channels = p->channels;
  int32_t pixel = range.begin / channels;
  int32_t c = range.begin - pixel * channels;
  /* Channels are counted from those of the pixel at hand, so that a share may begin and end inside one. */
  for (int32_t left = range.end - range.begin; left > 0; pixel++) {
    const window_t w = window_at(p, input, pixel);
    const int32_t end = left < channels - c ? c + left : channels;
    int8_t *const y = output + pixel * channels;
    left -= end - c;
    for (; c + 4 <= end; c += 4) {
      channels_of(p, w, c, y + c, 4);
    }
    for (; c < end; c++) {
      channels_of(p, w, c, y + c, 1);
    }
    c = 0;
  }
}
