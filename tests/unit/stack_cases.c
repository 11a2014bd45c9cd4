/* Call graphs for tests/unit/test_stack.py. */
#include <stddef.h>
#include <stdint.h>

#define APART __attribute__((noinline, noclone, used))

volatile uint32_t sink;

APART static void touch(volatile uint32_t *words, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    words[i] = sink;
  }
}

APART static void large(void) {
  volatile uint32_t words[100];
  touch(words, 100);
  sink = words[99];
}

APART static void small(void) {
  volatile uint32_t words[4];
  touch(words, 4);
  sink = words[3];
}

APART static void middle(void) {
  small();
  large();
  sink = 1;
}

APART void entry(void) {
  middle();
  small();
  sink = 2;
}

typedef void (*eq_task_t)(void *argument);
typedef void (*kernel_t)(uint32_t rows);

APART static void kernel(uint32_t rows) {
  volatile uint32_t words[200];
  touch(words, rows);
  sink = words[0];
}

APART static void band(kernel_t run, uint32_t rows) {
  run(rows);
  run(rows + 1);
  sink = 3;
}

APART static void task_with_kernel(void *argument) {
  band(kernel, sink);
  *(volatile uint32_t *)argument = 4;
}

APART static void task(void *argument) {
  volatile uint32_t words[20];
  touch(words, 20);
  *(volatile uint32_t *)argument = words[19];
}

APART void eq_team_run(eq_task_t run, void *argument) {
  run(argument);
  sink = 5;
}

typedef struct {
  eq_task_t run;
} layer_t;

APART void poll(uint32_t first) {
  static const layer_t layers[] = {{task}, {task_with_kernel}};
  uint32_t argument;
  for (uint32_t i = first; i < 2; i++) {
    eq_team_run(layers[i].run, &argument);
  }
}

APART void poll_other(uint32_t first) {
  static const layer_t layers[] = {{task}, {task}};
  uint32_t argument;
  for (uint32_t i = first; i < 2; i++) {
    eq_team_run(layers[i].run, &argument);
  }
}

APART void feed(void (*callback)(uint32_t)) {
  callback(sink);
  sink = 6;
}

APART uint32_t switched(uint32_t value) {
  switch (value) {
    case 0: return sink;
    case 1: sink = 3; return 17;
    case 2: sink = 9; return sink + 4;
    case 3: sink = 1; return sink * 3;
    case 4: sink += 5; return 1;
    case 5: sink -= 5; return sink + 8;
    case 6: sink ^= 5; return sink | 9;
    case 7: sink |= 7; return sink << 2;
    case 8: sink &= 7; return sink >> 2;
    default: return 99;
  }
}

APART uint32_t endless(uint32_t depth) {
  volatile uint32_t word = depth;
  return depth == 0 ? word : endless(depth - 1) + word;
}

APART void variable(uint32_t count) {
  volatile uint32_t words[count];
  touch(words, count);
  sink = words[0];
}

APART uint64_t divide(uint64_t a, uint64_t b) { return a / b; }
