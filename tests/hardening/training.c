/* Wrong and right calls of a generated training step, its commit and its checkpoints: NAME (<network>_train), UPPER, MODEL
 * (the inference model), MODEL_UPPER and INCLUDE name it. */
#include <math.h>

#include "abuse.h"
#include INCLUDE

#define API(what) JOIN(NAME, what)
#define SIZE(what) JOIN(UPPER, what)
#define TUNED JOIN(MODEL_UPPER, _TUNED_BYTES)
typedef JOIN(NAME, _t) instance_t;
typedef JOIN(NAME, _result_t) result_t;
typedef JOIN(NAME, _config_t) config_t;
typedef JOIN(MODEL, _t) model_t;

static uint8_t *slots[EQ_CHECKPOINT_SLOTS];
static uint32_t fails; /* one storage call in so many; 0: none */

static eq_status_t verdict(void) { return fails != 0u && drawn(fails) == 0u ? EQ_ERROR_STORAGE : EQ_OK; }

static eq_status_t erase_slot(void *context, uint32_t slot) {
  CHECK(slot < EQ_CHECKPOINT_SLOTS);
  memset(slots[slot], 0xff, *(const uint32_t *)context);
  return verdict();
}

static eq_status_t write_slot(void *context, uint32_t slot, uint32_t offset, const void *data, uint32_t bytes) {
  CHECK(slot < EQ_CHECKPOINT_SLOTS && offset <= *(const uint32_t *)context && bytes <= *(const uint32_t *)context - offset);
  memcpy(slots[slot] + offset, data, bytes);
  return verdict();
}

static eq_status_t read_slot(void *context, uint32_t slot, uint32_t offset, void *data, uint32_t bytes) {
  CHECK(slot < EQ_CHECKPOINT_SLOTS && offset <= *(const uint32_t *)context && bytes <= *(const uint32_t *)context - offset);
  memcpy(data, slots[slot] + offset, bytes);
  return verdict();
}

static int8_t *arena, *parameters, *optimizer, *backup, *tuned, *model_arena;
static const config_t usual = {.rate = 0.01f, .momentum = 0.9f};

static eq_status_t begin(instance_t *training, const config_t *config) {
  return API(_init)(training, arena, SIZE(_ARENA_BYTES), parameters, SIZE(_PARAMETERS_BYTES), optimizer,
                    SIZE(_OPTIMIZER_BYTES), config);
}

static void check_refused(instance_t *training, model_t *model, eq_status_t status, eq_status_t expected) {
  result_t result;
  CHECK(status == expected);
  CHECK(API(_step)(training, 0u, &result) == EQ_ERROR_ARGUMENT);
  CHECK(API(_evaluate)(training, 0u, NULL) == EQ_ERROR_ARGUMENT);
  CHECK(API(_keep)(training, backup, SIZE(_PARAMETERS_BYTES)) == EQ_ERROR_ARGUMENT);
  CHECK(API(_rollback)(training) == EQ_ERROR_ARGUMENT);
  CHECK(API(_commit)(training, model, tuned, TUNED) == EQ_ERROR_ARGUMENT);
}

static void fill(instance_t *training) {
  float *const input = API(_input)(training);
  for (uint32_t i = 0u; i < INPUTS; i++) {
    input[i] = (float)drawn(2000u) / 1000.0f - 1.0f;
  }
}

static void check_wrong_calls(instance_t *training, model_t *model, const eq_storage_t *storage) {
  memset(training, 0x77, sizeof *training);
  check_refused(training, model, begin(training, NULL), EQ_ERROR_ARGUMENT);
  CHECK(begin(NULL, &usual) == EQ_ERROR_ARGUMENT);
  memset(training, 0x77, sizeof *training);
  check_refused(training, model, API(_init)(training, arena, SIZE(_ARENA_BYTES) - 1u, parameters, SIZE(_PARAMETERS_BYTES),
                optimizer, SIZE(_OPTIMIZER_BYTES), &usual), EQ_ERROR_ARENA);
  memset(training, 0x77, sizeof *training);
  check_refused(training, model, API(_init)(training, arena, SIZE(_ARENA_BYTES), parameters, SIZE(_PARAMETERS_BYTES) - 1u,
                optimizer, SIZE(_OPTIMIZER_BYTES), &usual), EQ_ERROR_ARENA);
  check_refused(training, model, API(_init)(training, arena, SIZE(_ARENA_BYTES), parameters, SIZE(_PARAMETERS_BYTES),
                optimizer + 4, SIZE(_OPTIMIZER_BYTES), &usual), EQ_ERROR_ARENA);
  check_refused(training, model, API(_init)(training, arena, SIZE(_ARENA_BYTES), NULL, SIZE(_PARAMETERS_BYTES), optimizer,
                SIZE(_OPTIMIZER_BYTES), &usual), EQ_ERROR_ARGUMENT);
  CHECK(begin(training, &usual) == EQ_OK);
  CHECK(API(_poll)(training, 1u, NULL) == EQ_ERROR_STATE);
  CHECK(API(_step)(training, SIZE(_OUTPUTS), NULL) == EQ_ERROR_ARGUMENT);
  CHECK(API(_step)(training, UINT32_MAX, NULL) == EQ_ERROR_ARGUMENT);
  CHECK(API(_keep)(training, NULL, SIZE(_PARAMETERS_BYTES)) == EQ_ERROR_ARGUMENT);
  CHECK(API(_keep)(training, backup, SIZE(_PARAMETERS_BYTES) - 1u) == EQ_ERROR_ARENA);
  CHECK(API(_commit)(training, NULL, tuned, TUNED) == EQ_ERROR_ARGUMENT);
  CHECK(API(_commit)(training, model, NULL, TUNED) == EQ_ERROR_ARGUMENT);
  CHECK(API(_commit)(training, model, tuned, TUNED - 1u) == EQ_ERROR_ARENA);
  CHECK(API(_commit)(training, model, tuned + 1, TUNED) == EQ_ERROR_ARENA);
  CHECK(API(_save)(training, NULL, 1u) == EQ_ERROR_ARGUMENT);
  CHECK(API(_load)(training, NULL) == EQ_ERROR_ARGUMENT);
  eq_storage_t broken = *storage;
  broken.read = NULL;
  CHECK(API(_load)(training, &broken) == EQ_ERROR_ARGUMENT);
  CHECK(API(_save)(training, &broken, 0u) == EQ_ERROR_ARGUMENT);
  broken = *storage;
  for (broken.slot_bytes = 0u; broken.slot_bytes < SIZE(_CHECKPOINT_BYTES); broken.slot_bytes += 13u) {
    CHECK(API(_save)(training, &broken, 0u) == EQ_ERROR_ARGUMENT);
    CHECK(API(_load)(training, &broken) != EQ_OK);
  }
  CHECK(API(_load)(training, storage) == EQ_ERROR_CHECKPOINT);
}

int main(int count, char **arguments) {
  seed = (uint32_t)atoi(arguments[count - 1]);
  static instance_t training;
  model_t model;
  uint32_t slot_bytes = SIZE(_FULL_CHECKPOINT_BYTES);
  const eq_storage_t storage = {&slot_bytes, SIZE(_FULL_CHECKPOINT_BYTES), erase_slot, write_slot, read_slot};
  arena = memory_of(SIZE(_ARENA_BYTES));
  parameters = memory_of(SIZE(_PARAMETERS_BYTES));
  optimizer = memory_of(SIZE(_OPTIMIZER_BYTES));
  backup = memory_of(SIZE(_PARAMETERS_BYTES));
  tuned = memory_of(TUNED);
  model_arena = memory_of(JOIN(MODEL_UPPER, _ARENA_BYTES));
  for (uint32_t slot = 0u; slot < EQ_CHECKPOINT_SLOTS; slot++) {
    slots[slot] = (uint8_t *)memory_of(slot_bytes);
  }
  CHECK(JOIN(MODEL, _init)(&model, model_arena, JOIN(MODEL_UPPER, _ARENA_BYTES)) == EQ_OK);
  check_wrong_calls(&training, &model, &storage);

  const float odd[] = {NAN, INFINITY, -INFINITY, 3e38f, 0.0f, -1.0f, 1e-40f};
  for (uint32_t turn = 0u; turn < 150u; turn++) {
    eq_status_t status = EQ_OK;
    fails = drawn(4u) == 0u ? 3u : 0u;
    switch (drawn(9u)) {
      case 0u: training.config.rate = odd[drawn(7u)]; break;
      case 1u: training.config = usual; CHECK(API(_rollback)(&training) != EQ_ERROR_ARGUMENT); break;
      case 2u: CHECK(API(_keep)(&training, backup, SIZE(_PARAMETERS_BYTES)) == EQ_OK); break;
      case 3u: status = API(_save)(&training, &storage, drawn(2u)); break;
      case 4u: status = API(_load)(&training, &storage); break;
      case 5u: /* what a worn flash or another program leaves there */
        for (uint32_t bytes = drawn(40u); bytes > 0u; bytes--) {
          slots[drawn(2u)][drawn(drawn(2u) == 0u ? EQ_CHECKPOINT_HEADER_BYTES : slot_bytes)] = (uint8_t)drawn(256u);
        }
        break;
      case 6u:
        status = API(_commit)(&training, &model, tuned, TUNED);
        CHECK(status == EQ_OK || status == EQ_ERROR_PARAMETERS);
        CHECK(JOIN(MODEL, _invoke)(&model) == EQ_OK);
        break;
      default:
        fill(&training);
        CHECK(API(_step)(&training, drawn(SIZE(_OUTPUTS)), NULL) == EQ_OK);
    }
    CHECK(status == EQ_OK || status == EQ_ERROR_STORAGE || status == EQ_ERROR_CHECKPOINT || status == EQ_ERROR_PARAMETERS);
  }
  free(arena), free(parameters), free(optimizer), free(backup), free(tuned), free(model_arena), free(slots[0]), free(slots[1]);
  puts("done");
  return 0;
}
