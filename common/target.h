/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * target: what is named on the command line as the owner of namespaces: a set,
 * or a process, held so that nothing that is opened of it can be another's.
 * pidfd_open(2), proc(5).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct diag;

/* What was named: "PID"; "PID:INODE", where INODE is that of its pidfd (6.9); or the name of a set. */
struct target_name {
	pid_t pid;	 /* 0: a set */
	uint64_t inode;	 /* or 0 */
	const char *set; /* or NULL */
};

struct target {
	pid_t pid;
	int pidfd; /* both owned by the target; close-on-exec */
	int proc;  /* its directory in /proc; or -1, before target_look() */
};

#define TARGET_NONE ((struct target){ .pid = 0, .pidfd = -1, .proc = -1 })

/* The longest name of a set, without NUL. */
enum { TARGET_SET_MAX = 64 };

/* May a set have this name? [A-Za-z_][A-Za-z0-9_.-]{0,63} */
bool target_is_set_name(const char *text);

/* OPTION is for the message. -1 and *d: a usage error. */
int target_parse(struct target_name *name, const char *text, const char *option, struct diag *d);

/* Hold a process. -1 and *d: there is no such process, or its inode is another. */
int target_open(struct target *t, const struct target_name *name, struct diag *d);

/*
 * Open its directory in /proc, if that has not been done. What is opened
 * beneath belongs to the same process, or fails with ESRCH.
 */
int target_look(struct target *t, struct diag *d);

/*
 * A descriptor of FILE beneath that directory, owned by the caller. -1 and *d,
 * with STEP for what is being done.
 */
int target_file(const struct target *t, const char *file, int flags, const char *step,
		struct diag *d);

/*
 * The process has not ended: what has been opened so far was its own, by
 * number too, for a number that is in use is not given to another.
 */
int target_check(const struct target *t, struct diag *d);

void target_close(struct target *t);

/* Its status, see status.h: for the caller to free(3). NULL and *d. T has been looked at. */
char *target_status(const struct target *t, struct diag *d);

/* The four numbers (real, effective, saved, fs) of "Uid:" or "Gid:", NAME, in status: the effective one. */
int target_id(const struct target *t, const char *name, uint32_t *id, struct diag *d);

/* Does it have all N GROUPS, as its supplementary ones or as its effective one? */
bool target_has_groups(const struct target *t, const gid_t *groups, int n);
