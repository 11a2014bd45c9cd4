/* batch_statistics, portable C, for the element that was included before. */
#include "eq_batch_norm.h"
#include "eq_step_control.h"

void KERNEL(batch_statistics, scalar)(const eq_batch_statistics_t *p, const ELEMENT *restrict input, const float *running,
                                      const float *config, float *restrict statistics, eq_range_t range) {
  const int32_t elements = p->pixels * p->channels;
  const int evaluates = config[EQ_CONFIG_EVALUATES] > 0.0f;
  for (int32_t c = range.begin; c < range.end; c++) {
    float mean = running[c], variance = running[p->channels + c];
    if (!evaluates) {
      float sum = 0.0f, square = 0.0f;
      for (int32_t at = c; at < elements; at += p->channels) {
        sum += LOAD(input + at);
      }
      mean = sum / (float)p->pixels;
      for (int32_t at = c; at < elements; at += p->channels) {
        const float d = LOAD(input + at) - mean;
        square = eq_fma(d, d, square);
      }
      variance = square / (float)p->pixels;
    }
    statistics[c] = mean;
    statistics[p->channels + c] = variance;
  }
}
