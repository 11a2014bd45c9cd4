/* Fork and join over the cores of a cluster. Implemented by the board's port (runtime_c/platform). */
#ifndef EQ_TEAM_H
#define EQ_TEAM_H

#include <stdint.h>

typedef void (*eq_task_t)(void *argument, uint32_t core, uint32_t cores);

/* Runs task(argument, core, cores) on cores 0 .. cores-1 and returns when all are done; core 0 is the caller.
 * `cores` is cut to eq_team_limit. Writes made before the call are seen by every core, and the cores' writes by the
 * caller after it. Not to be called from within a task. */
void eq_team_run(eq_task_t task, void *argument, uint32_t cores);

/* Number of cores that eq_team_run may use; starts as the board's count. */
extern uint32_t eq_team_limit;

#endif
