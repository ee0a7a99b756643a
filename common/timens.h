/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* timens: a time namespace and its offsets. time_namespaces(7), Linux 5.6. */

#include <stdbool.h>
#include <stdint.h>

struct diag;

struct timens_offset {
	bool set;
	int64_t sec;
	int32_t nsec; /* 0 … 999 999 999, always to be added */
};

struct timens_plan {
	struct timens_offset monotonic;
	struct timens_offset boottime;
};

/*
 * To enter a time namespace with offsets, in place: unshare(2) makes it for
 * children only, so that the offsets can still be written; setns(2) then moves
 * this process. (A clone with CLONE_NEWTIME is inside at once and finds the
 * offsets frozen; to be switched by execve(2) takes a newer kernel.) Needs
 * CAP_SYS_ADMIN in the user namespace, and memory and /proc of one's own: not
 * for a child of vfork(2) (EUSERS). Each returns 0, or -1 and *d.
 */
int timens_unshare(struct diag *d);
int timens_enter(struct diag *d);

/*
 * Write the offsets, of which there is at least one, for the process whose
 * directory in /proc is PROC ("self" or a PID). Needs CAP_SYS_TIME over the
 * namespace.
 */
int timens_write(const struct timens_plan *plan, const char *proc, struct diag *d);
