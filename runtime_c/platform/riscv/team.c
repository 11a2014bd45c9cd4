/* Fork and join over the harts of a RISC-V cluster: mailboxes in memory, wake-ups by software interrupt.
 *
 * A waiting core clears its interrupt first, then looks at its condition, then sleeps: a wake-up that arrives after
 * the look keeps the interrupt pending, so the sleep ends at once and nothing is lost. No atomic instructions are
 * needed: each word has one writer at a time. The code is in .text.eq_wait, which the instruction counter leaves out;
 * the board's fork and join costs stand for it. */
#include "eq_team.h"
#include "interrupt.h"

#ifndef EQ_CORES
#error "EQ_CORES must be the number of harts of the cluster"
#endif

#ifdef EQ_SIMULATION
#include "eq_mark.h"
#define ANNOUNCE(code) eq_mark(code)
#else
#define ANNOUNCE(code) ((void)0)
#endif

#define EQ_WAIT_CODE __attribute__((noinline, section(".text.eq_wait")))

typedef struct {
  eq_task_t task;
  void *argument;
  uint32_t cores;
} job_t;

uint32_t eq_team_limit = EQ_CORES;

static job_t job;                            /* written by core 0 while no worker runs */
static volatile uint32_t go_flag[EQ_CORES];   /* set by core 0, cleared by the worker */
static volatile uint32_t done_flag[EQ_CORES]; /* set by the worker, cleared by core 0 */

void eq_team_worker(uint32_t core);

static inline void fence(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

EQ_WAIT_CODE static void wait_for(volatile uint32_t *flag, uint32_t core) {
  for (;;) {
    eq_interrupt_clear(core);
    fence();
    if (*flag != 0u) {
      break;
    }
    eq_interrupt_wait();
  }
  *flag = 0u;
  fence();
}

/* Main loop of every core but 0; called once by the reset code. */
EQ_WAIT_CODE void eq_team_worker(uint32_t core) {
  for (;;) {
    wait_for(&go_flag[core], core);
    ANNOUNCE(EQ_MARK_TASK_BEGIN);
    job.task(job.argument, core, job.cores);
    ANNOUNCE(EQ_MARK_TASK_END);
    fence();
    done_flag[core] = 1u;
    fence();
    eq_interrupt_set(0u);
  }
}

EQ_WAIT_CODE static void fork_and_join(eq_task_t task, void *argument, uint32_t cores) {
  job.task = task;
  job.argument = argument;
  job.cores = cores;
  ANNOUNCE(EQ_MARK_FORK);
  fence();
  for (uint32_t core = 1u; core < cores; core++) {
    go_flag[core] = 1u;
    fence();
    eq_interrupt_set(core);
  }
  task(argument, 0u, cores);
  for (uint32_t core = 1u; core < cores; core++) {
    wait_for(&done_flag[core], 0u);
  }
  ANNOUNCE(EQ_MARK_JOIN);
}

void eq_team_run(eq_task_t task, void *argument, uint32_t cores) {
  if (cores > eq_team_limit) {
    cores = eq_team_limit;
  }
  if (cores <= 1u) {
    task(argument, 0u, 1u);
    return;
  }
  fork_and_join(task, argument, cores);
}
