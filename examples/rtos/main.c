/* Inferences beside other tasks: two instances of one network, another network, and a task that must not wait.
 *
 * The scheduler stands in for an RTOS with cooperative tasks: a task is called, does a little, and returns, which is what
 * taskYIELD() is in FreeRTOS and k_yield() in Zephyr. An inference gives the core back after every layer. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "kws.h"
#include "resnet8.h"

typedef struct task {
  const char *name;
  bool (*step)(struct task *task); /* one turn; false: there is nothing left to do */
  void *data;
  unsigned turns;
  bool done;
} task_t;

/* One turn each, over and over, until all tasks are done that ever are. */
static void schedule(task_t *tasks, size_t count) {
  size_t running = count;
  while (running > 1u) { /* the last one is the watchdog's, which has no end */
    running = 0u;
    for (size_t i = 0u; i < count; i++) {
      if (!tasks[i].done) {
        tasks[i].turns++;
        tasks[i].done = !tasks[i].step(&tasks[i]);
      }
      running += tasks[i].done ? 0u : 1u;
    }
  }
}

static kws_t ears[2];
static resnet8_t eye;
static _Alignas(EQ_ARENA_ALIGN) int8_t ear_arenas[2][KWS_ARENA_BYTES];
static _Alignas(EQ_ARENA_ALIGN) int8_t eye_arena[RESNET8_ARENA_BYTES];

/* The turn of a keyword spotter: one layer. */
static bool hear(task_t *task) {
  return kws_poll((kws_t *)task->data, 1u) == EQ_AGAIN;
}

static bool see(task_t *task) {
  return resnet8_poll((resnet8_t *)task->data, 1u) == EQ_AGAIN;
}

/* What can't wait for a whole inference: here it counts, elsewhere it feeds the watchdog or closes a control loop. */
static bool watch(task_t *task) {
  unsigned *fed = task->data;
  (*fed)++;
  return true;
}

/* Some input, another for every seed. */
static void fill(int8_t *input, size_t bytes, unsigned seed) {
  for (size_t i = 0u; i < bytes; i++) {
    seed = seed * 1664525u + 1013904223u;
    input[i] = (int8_t)((int)(seed >> 24) - 128);
  }
}

/* Whether slices made what a single call makes of the same input. */
static bool as_in_one_call(const int8_t *sliced, unsigned seed) {
  static kws_t model;
  static _Alignas(EQ_ARENA_ALIGN) int8_t arena[KWS_ARENA_BYTES];
  if (kws_init(&model, arena, sizeof arena) != EQ_OK) {
    return false;
  }
  fill(kws_input(&model), KWS_INPUT_BYTES, seed);
  return kws_invoke(&model) == EQ_OK && memcmp(sliced, kws_output(&model), KWS_OUTPUT_BYTES) == 0;
}

int main(void) {
  unsigned fed = 0u;
  task_t tasks[] = {
      {.name = "first ear", .step = hear, .data = &ears[0]},
      {.name = "second ear", .step = hear, .data = &ears[1]},
      {.name = "eye", .step = see, .data = &eye},
      {.name = "watchdog", .step = watch, .data = &fed},
  };
  const size_t count = sizeof tasks / sizeof tasks[0];

  for (unsigned i = 0u; i < 2u; i++) {
    if (kws_init(&ears[i], ear_arenas[i], sizeof ear_arenas[i]) != EQ_OK) {
      return 1;
    }
    fill(kws_input(&ears[i]), KWS_INPUT_BYTES, i);
    kws_begin(&ears[i]);
  }
  if (resnet8_init(&eye, eye_arena, sizeof eye_arena) != EQ_OK) {
    return 1;
  }
  fill(resnet8_input(&eye), RESNET8_INPUT_BYTES, 2u);
  resnet8_begin(&eye);

  schedule(tasks, count);

  for (size_t i = 0u; i < count; i++) {
    printf("%-10s %2u turns\n", tasks[i].name, tasks[i].turns);
  }
  const bool equal = as_in_one_call(kws_output(&ears[0]), 0u) && as_in_one_call(kws_output(&ears[1]), 1u);
  printf("between the layers the watchdog was fed %u times; results %s those of kws_invoke\n", fed,
         equal ? "equal" : "DIFFER FROM");
  return equal && fed > 1u ? 0 : 1;
}
