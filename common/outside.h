/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * outside: what is done for a new process from outside, while it waits: its
 * maps, its pins, and programs that the launcher runs meanwhile.
 */

#include <sys/types.h>

#include "pin.h"
#include "set.h"

struct diag;
struct mirror;
struct plan;
struct run;

/* What has been made to keep the new namespaces. Zero-initialised: nothing. */
struct kept {
	struct set_made set;
	struct pin pins[NSTYPE_COUNT];
};

/* For whom it is done, and how to wait meanwhile. */
struct outside {
	char proc[32];	       /* its directory is /proc/PROC, which is its alone … */
	pid_t number;	       /* … as is this number there, while we are its parent */
	struct mirror *mirror; /* of it, a child of ours; or NULL, and … */
	int peer;	       /* … this is readable or hung up when nobody waits for us any more */
};

/*
 * Run RUN and wait for it, dealing with signals meanwhile. NAME is what
 * messages call it. 0: it ended well. When who it is for ends first, it is
 * killed: -1, with *d saying so.
 */
int outside_run(const struct outside *o, const struct run *run, const char *name, struct diag *d);

/* Write setgroups, the uid map and the gid map, if that is how the plan has it. */
int outside_map(const struct outside *o, const struct plan *plan, struct diag *d);

/* Write the offsets of its new time namespace. */
int outside_clocks(const struct outside *o, const struct plan *plan, struct diag *d);

/*
 * Keep what the plan asks to keep of /proc/PROC, of those types whose CLONE_NEW*
 * are in TYPES, in a set and on files. All or none: 0, -1 or PIN_TRY_ANOTHER_CPU.
 */
int outside_keep(struct kept *kept, const char *proc, const struct plan *plan, unsigned int types,
		 struct diag *d);
void outside_let_go(struct kept *kept);
