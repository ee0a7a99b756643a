/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * fdtable: which processes and threads share one table of descriptors. kcmp(2)
 * also tells the order of two tables, so N of them are sorted with N log N calls,
 * however many processes or threads a user starts.
 */

#include <stddef.h>
#include <sys/types.h>

struct diag;

/* What is called with a process or thread: 0, or -1 and the *D of the whole: no more. */
typedef int fdtable_see(void *arg, pid_t pid, struct diag *d);

/*
 * Call SEE once for each table of descriptors that the N processes or threads in
 * PIDS have, with the first one in PIDS that has it; if that has ended
 * meanwhile, with the next as well. The order of PIDS changes. Two tables that the kernel does not compare (it
 * was built without kcmp(2), or the caller may not trace one of the two) count as
 * two. The PIDs are those of the caller's own PID namespace. 0; -1 and *d.
 */
int fdtable_each(pid_t *pids, size_t n, fdtable_see *see, void *arg, struct diag *d);

/*
 * Leave in PIDS, of N threads, those whose table is not that of PID, and return
 * how many these are. Those that the kernel does not compare are not left.
 */
size_t fdtable_others(pid_t pid, pid_t *pids, size_t n);
