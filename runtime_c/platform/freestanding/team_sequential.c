/* eq_team_run for a single core. With eq_team_limit raised, it runs every core's share one after the other, which
 * computes the same result: host tests use that to check how work is split. */
#include "eq_team.h"

uint32_t eq_team_limit = 1u;

void eq_team_run(eq_task_t task, void *argument, uint32_t cores) {
  if (cores > eq_team_limit) {
    cores = eq_team_limit;
  }
  if (cores <= 1u) {
    task(argument, 0u, 1u);
    return;
  }
  for (uint32_t core = 0u; core < cores; core++) {
    task(argument, core, cores);
  }
}
