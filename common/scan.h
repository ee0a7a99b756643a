/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* scan: processes and their namespaces, through /proc. Threads are not looked at. */

#include <stdint.h>
#include <sys/types.h>

#include "nstype.h"

struct diag;

struct scan_process {
	pid_t pid; /* as /proc has it */
	uint64_t ns[NSTYPE_COUNT]; /* inode numbers; 0: not asked for, or it has left it, as a zombie */
};

/* What is called with each process: 0, or -1 and the *D of the whole: no more. */
typedef int scan_see(void *arg, const struct scan_process *process, struct diag *d);

/*
 * All processes that /proc shows, with their namespaces of TYPES (CLONE_NEW*).
 * Those that end meanwhile are left out; UNREAD counts those that may not be
 * looked at. -1 and *d.
 */
int scan_processes(unsigned int types, scan_see *see, void *arg, unsigned long *unread,
		   struct diag *d);
