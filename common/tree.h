/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* tree: a process and all that descends from it. */

#include <sys/types.h>

/*
 * Kill PID, a child of ours that has not been waited for, and its descendants:
 * a shell command that is ended half-way takes with it what it has started.
 * Each is stopped before its children are looked for, so that it makes no
 * more, and a process that has only got the number of one is never taken for it
 * (pidfd_open(2), Linux 5.3). What has been orphaned before is no descendant any
 * more. Needs a /proc of our own PID
 * namespace; without it, and where it is forbidden, only PID is killed.
 */
void tree_kill(pid_t pid);
