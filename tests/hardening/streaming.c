/* Wrong and right calls of a generated stream: NAME (<network>_stream), MODEL_UPPER and INCLUDE name it. */
#include "abuse.h"
#include INCLUDE

#define API(what) JOIN(NAME, what)
#define ARENA JOIN(MODEL_UPPER, _ARENA_BYTES)
#define MOST_AVERAGE JOIN(UPPER, _MOST_AVERAGE)
typedef JOIN(NAME, _t) instance_t;
typedef JOIN(NAME, _event_t) event_t;
typedef JOIN(NAME, _config_t) config_t;

static uint32_t events;

static void hear(void *context, const event_t *event) {
  CHECK(context == &events);
  CHECK(event->label < JOIN(UPPER, _LABELS));
  events++;
}

/* A stream that init refused takes nothing. */
static void check_refused(instance_t *stream, eq_status_t status, eq_status_t expected) {
  static const int16_t samples[4];
  CHECK(status == expected);
  CHECK(API(_feed)(stream, samples, 4u) == EQ_ERROR_ARGUMENT);
}

int main(int count, char **arguments) {
  seed = (uint32_t)atoi(arguments[count - 1]);
  instance_t stream;
  memset(&stream, 0x77, sizeof stream);
  int8_t *const arena = memory_of(ARENA);
  const config_t none = {.average = 0u, .hold = 1u, .limit = 0}, much = {.average = MOST_AVERAGE + 1u, .hold = 0u, .limit = 0};
  CHECK(API(_init)(NULL, arena, ARENA, NULL, hear, &events) == EQ_ERROR_ARGUMENT);
  check_refused(&stream, API(_init)(&stream, arena, ARENA, NULL, NULL, &events), EQ_ERROR_ARGUMENT);
  check_refused(&stream, API(_init)(&stream, NULL, ARENA, NULL, hear, &events), EQ_ERROR_ARGUMENT);
  memset(&stream, 0x77, sizeof stream);
  check_refused(&stream, API(_init)(&stream, arena, ARENA - 1u, NULL, hear, &events), EQ_ERROR_ARENA);
  check_refused(&stream, API(_init)(&stream, arena + 1, ARENA, NULL, hear, &events), EQ_ERROR_ARENA);
  check_refused(&stream, API(_init)(&stream, arena, ARENA, &none, hear, &events), EQ_ERROR_ARGUMENT);
  check_refused(&stream, API(_init)(&stream, arena, ARENA, &much, hear, &events), EQ_ERROR_ARGUMENT);
  CHECK(API(_reset)(NULL) == EQ_ERROR_ARGUMENT);
  CHECK(API(_feed)(NULL, NULL, 0u) == EQ_ERROR_ARGUMENT);

  for (uint32_t round = 0u; round < 4u; round++) {
    const config_t widest = {.average = MOST_AVERAGE, .hold = UINT32_MAX, .limit = INT32_MIN};
    CHECK(API(_init)(&stream, arena, ARENA, round % 2u == 0u ? NULL : &widest, hear, &events) == EQ_OK);
    CHECK(API(_feed)(&stream, NULL, 1u) == EQ_ERROR_ARGUMENT);
    CHECK(API(_feed)(&stream, NULL, 0u) == EQ_OK);
    for (uint32_t turn = 0u; turn < 60u; turn++) {
      /* any number of samples, in memory that ends with the last one */
      const size_t samples = 2u * drawn(JOIN(UPPER, _STEP_SAMPLES)) + drawn(2u);
      int16_t *const piece = (int16_t *)(void *)memory_of(samples * sizeof(int16_t) + 2u);
      CHECK(API(_feed)(&stream, piece + 1, samples) == EQ_OK);
      free(piece);
      if (drawn(20u) == 0u) {
        CHECK(API(_reset)(&stream) == EQ_OK);
      }
    }
  }
  CHECK(events > 0u);
  free(arena);
  puts("done");
  return 0;
}
