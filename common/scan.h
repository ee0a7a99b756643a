/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* scan: processes and their namespaces, through /proc. */

#include <stdbool.h>
#include <stddef.h>
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

/* The numbers that /proc shows, which is open as PROC: *pids is to be freed. -1 with errno. */
int scan_pids(int proc, pid_t **pids, size_t *n);

/*
 * The inode number of the namespace that the link NAME in DIR shows. 1; 0: it
 * has ended; -1 with errno: it may not be looked at (EACCES, EPERM), or
 * something has failed.
 */
int scan_link(int dir, const char *name, uint64_t *ns);

/*
 * The same for the namespaces of TYPES that the links in DIR show, the directory "ns" of a
 * process or of a thread: 1 if one is known, 0 for those that are not.
 */
int scan_links(int dir, unsigned int types, uint64_t ns[NSTYPE_COUNT]);

/* Is that what ERR says: it has ended? And that it may not be looked at? */
bool scan_is_gone(int err);
bool scan_is_forbidden(int err);

/*
 * All processes that /proc shows, with their namespaces of TYPES (CLONE_NEW*).
 * Those that end meanwhile are left out; UNREAD counts those that may not be
 * looked at. Their threads are not. -1 and *d.
 */
int scan_processes(unsigned int types, scan_see *see, void *arg, unsigned long *unread,
		   struct diag *d);
