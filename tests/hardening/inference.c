/* Wrong and right calls of a generated network, in any order: NAME, UPPER and INCLUDE name it. */
#include "abuse.h"
#include INCLUDE

#define API(what) JOIN(NAME, what)
#define ARENA JOIN(UPPER, _ARENA_BYTES)
typedef JOIN(NAME, _t) instance_t;

/* An instance that init refused does nothing, whatever it held before. */
static void check_refused(instance_t *model, eq_status_t status, eq_status_t expected) {
  CHECK(status == expected);
  CHECK(API(_invoke)(model) == EQ_ERROR_ARGUMENT);
  CHECK(API(_begin)(model) == EQ_ERROR_ARGUMENT);
  CHECK(API(_poll)(model, 1u) == EQ_ERROR_ARGUMENT);
}

int main(int count, char **arguments) {
  seed = (uint32_t)atoi(arguments[count - 1]);
  instance_t model;
  memset(&model, 0x77, sizeof model);
  int8_t *const arena = memory_of(ARENA);
  int8_t *const wide = memory_of(ARENA + EQ_ARENA_ALIGN);
  CHECK(API(_init)(NULL, arena, ARENA) == EQ_ERROR_ARGUMENT);
  check_refused(&model, API(_init)(&model, NULL, ARENA), EQ_ERROR_ARGUMENT);
  memset(&model, 0x77, sizeof model);
  check_refused(&model, API(_init)(&model, arena, ARENA - 1u), EQ_ERROR_ARENA);
  check_refused(&model, API(_init)(&model, arena, 0u), EQ_ERROR_ARENA);
  for (uint32_t offset = 1u; offset < EQ_ARENA_ALIGN; offset++) {
    check_refused(&model, API(_init)(&model, wide + offset, ARENA), EQ_ERROR_ARENA);
  }
  CHECK(API(_invoke)(NULL) == EQ_ERROR_ARGUMENT);
  CHECK(API(_begin)(NULL) == EQ_ERROR_ARGUMENT);
  CHECK(API(_poll)(NULL, 1u) == EQ_ERROR_ARGUMENT);
  CHECK(API(_init)(&model, arena, SIZE_MAX) == EQ_OK);
  CHECK(API(_poll)(&model, 1u) == EQ_ERROR_STATE);

  /* Any order of right calls, with noise in the arena between them. */
  uint32_t begun = 0u, layers = 0u;
  for (uint32_t turn = 0u; turn < 300u; turn++) {
    switch (drawn(5u)) {
      case 0u:
        CHECK(API(_init)(&model, arena, ARENA) == EQ_OK);
        begun = 0u;
        break;
      case 1u:
        CHECK(API(_begin)(&model) == EQ_OK);
        begun = 1u;
        layers = 0u;
        break;
      case 2u: {
        const uint32_t most = drawn(4u);
        const eq_status_t status = API(_poll)(&model, most);
        layers += most;
        CHECK(begun ? status == EQ_OK || status == EQ_AGAIN : status == EQ_ERROR_STATE);
        break;
      }
      case 3u:
        CHECK(API(_invoke)(&model) == EQ_OK);
        begun = 1u;
        layers = 0u;
        break;
      default:
        for (uint32_t i = 0u; i < ARENA; i++) {
          arena[i] = (int8_t)drawn(256u);
        }
        begun = 0u;
        CHECK(API(_init)(&model, arena, ARENA) == EQ_OK);
    }
  }
  (void)layers;
  free(arena);
  free(wide);
  puts("done");
  return 0;
}
