/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * procdir: a process that is held, in /proc. That may be the proc of another
 * PID namespace than ours, where the same process has another number, and our
 * number for it is a stranger's.
 */

#include <stdbool.h>
#include <sys/types.h>

struct diag;

/* The number that the process of PIDFD has in /proc, as its fdinfo tells. -1 and *d: it shows there no more, or not at all. */
int procdir_number(int pidfd, pid_t *number, struct diag *d);

/*
 * A descriptor (O_PATH, owned by the caller) of its directory there. What is
 * opened beneath belongs to it, or fails with ESRCH. PIDFD must be checked to
 * be alive afterwards.
 */
int procdir_open(int pidfd, struct diag *d);

/*
 * Has the process of PIDFD, a child of ours that is not reaped, executed a program
 * since it was forked? If it cannot be told, it has.
 */
bool procdir_has_executed(int pidfd);

/* Has /proc the numbers of our own PID namespace? Then a process has one number here and there. */
bool procdir_is_ours(void);
