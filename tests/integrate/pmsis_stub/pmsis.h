/* What the generated application uses of PMSIS, to compile it without the SDK. */
#ifndef PMSIS_H
#define PMSIS_H
#include <stddef.h>
struct pi_device { int unused; };
struct pi_cluster_conf { int unused; };
struct pi_cluster_task { int unused; };
void pi_cluster_conf_init(struct pi_cluster_conf *configuration);
void pi_open_from_conf(struct pi_device *device, void *configuration);
int pi_cluster_open(struct pi_device *device);
void pi_cluster_close(struct pi_device *device);
struct pi_cluster_task *pi_cluster_task(struct pi_cluster_task *task, void (*entry)(void *), void *argument);
void pi_cluster_send_task_to_cl(struct pi_device *device, struct pi_cluster_task *task);
void pi_cl_team_fork(int cores, void (*entry)(void *), void *argument);
int pi_core_id(void);
void pmsis_exit(int code);
int pmsis_kickoff(void *entry);
#endif
