/* Writes logistic of all int16 numbers, then tanh of all of them for 0 to 6 integer bits, as int16. */
#include <stdio.h>

#include "eq_gemmlowp16.h"

static void put(int32_t value) {
  const int16_t half = (int16_t)value;
  fwrite(&half, sizeof half, 1, stdout);
}

int main(void) {
  for (int32_t x = -32768; x <= 32767; x++) {
    put(eq_q_logistic(x));
  }
  for (int32_t integer_bits = 0; integer_bits <= 6; integer_bits++) {
    for (int32_t x = -32768; x <= 32767; x++) {
      put(eq_q_tanh(x, integer_bits));
    }
  }
  return 0;
}
